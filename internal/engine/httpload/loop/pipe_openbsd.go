package loop

// quietPipe has nothing to do: the runtime ignores the signal for sockets.
func quietPipe(int) {}
