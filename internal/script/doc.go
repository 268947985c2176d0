// Package script knows the files of scripts: which engine a file is for, which
// file of a bundle is run, what a single file needs beside it, and how bundles
// are packed, and unpacked without harm. It reads names and text, and runs
// nothing; what a script means, only its tool knows.
//
// Read layout.go first (a script becomes a folder with an entry), then entry.go
// (the rules) and unpack.go (what is refused).
package script
