// Package web is the console: the built files of this folder's React program,
// inside the binary, and the HTTP handler that serves them. It knows nothing of
// the server around it; the console talks to the API like any other client.
// Read handler.go for how files are served, src/routes for the pages.
package web

import "embed"

// dist holds what `npm run build` made. A fresh clone holds only dist/.keep, so
// that Go builds without Node; Handler then says how to build the console.
//
//go:embed all:dist
var dist embed.FS
