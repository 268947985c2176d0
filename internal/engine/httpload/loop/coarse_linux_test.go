package loop

// coarse has the loop believe that the kernel is old.
func coarse(l *Loop) { l.poll.coarse = true }
