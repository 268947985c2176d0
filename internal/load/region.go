package load

// Region is a named place that runs tasks.
type Region struct {
	Name     string            `json:"name"`
	Driver   string            `json:"driver"`             // local, docker, kubernetes, ecs
	Settings map[string]string `json:"settings,omitempty"` // the driver's own
	Limit    int               `json:"limit,omitempty"`    // most tasks at once; 0: the driver's own limit
}
