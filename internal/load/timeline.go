package load

// Timeline is a profile with the live changes made to it: the one place that
// knows how much load is due at which instant.
type Timeline struct{}
