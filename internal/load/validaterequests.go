package load

func (s *Scenario) checkRequests(f *faults)                  {}
func (s *Scenario) checkCriteria(f *faults)                  {}
func (s *Scenario) checkConnection(f *faults)                {}
func eachTemplate(s *Scenario, each func(path, text string)) {}
