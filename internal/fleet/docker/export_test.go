package docker

// ReadOptions is for tests that change what settings cannot say.
var ReadOptions = readOptions
