package load

import "reflect"

func checkTags(f *faults, s *Scenario) { _ = reflect.ValueOf(s) }
