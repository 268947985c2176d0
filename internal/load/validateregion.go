package load

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// ValidateRegion returns every fault of a region, given the drivers that there
// are. None means that its driver may be opened, which has the last word on the
// values of its own settings.
func ValidateRegion(r Region, drivers []DriverKind) []Problem {
	var f faults
	r = RegionWithDefaults(r)
	checkFields(&f, reflect.ValueOf(&r).Elem(), "")
	r.checkName(&f)
	if driver := r.checkDriver(&f, drivers); driver != nil {
		r.checkSettings(&f, driver)
	}
	if r.Limit > 0 && r.RunLimit > r.Limit {
		f.add("run_limit", fmt.Sprint(r.RunLimit), fmt.Sprintf("at most %d", r.Limit), "one run may have %d tasks and the region holds %d: lower run_limit, or raise limit", r.RunLimit, r.Limit)
	}
	r.checkImages(&f)
	r.checkServer(&f)
	r.checkLabels(&f)
	return f
}

func (r *Region) checkName(f *faults) {
	const allowed = "letters, digits, '-', '_', at most 63, beginning with a letter or digit"
	switch {
	case r.Name == "":
		f.add("name", "", allowed, "a region needs its name")
	case !IsRegionName(r.Name):
		f.add("name", r.Name, allowed, "%q is no region's name: write %s", r.Name, allowed)
	}
}

func (r *Region) checkDriver(f *faults, drivers []DriverKind) *DriverKind {
	names := make([]string, len(drivers))
	for i := range drivers {
		if names[i] = drivers[i].Name; names[i] == r.Driver {
			return &drivers[i]
		}
	}
	allowed := strings.Join(names, ", ")
	f.add("driver", r.Driver, allowed, "there is no driver %q, it must be one of %s%s", r.Driver, allowed, didYouMean(r.Driver, names))
	return nil
}

func (r *Region) checkSettings(f *faults, driver *DriverKind) {
	var names []string
	for _, s := range driver.Settings {
		names = append(names, s.Name)
		value, here := r.Settings[s.Name], JoinPath("settings", s.Name)
		switch {
		case value == "" && s.Required:
			f.add(here, "", or(strings.Join(s.Allowed, ", "), s.Help), "a region of the driver %s needs the setting %s: %s%s", driver.Name, s.Name, s.Help, settingExample(s))
		case value != "" && len(s.Allowed) > 0 && !slices.Contains(s.Allowed, value):
			allowed := strings.Join(s.Allowed, ", ")
			f.add(here, value, allowed, "%q is not allowed here, it must be one of %s%s", value, allowed, didYouMean(value, s.Allowed))
		case holdsPassword(value):
			f.add(here, "an address with a password", "an address without one", "settings are shown and hold no passwords: leave it out of the address, and give it where the driver looks for credentials")
		}
	}
	for _, name := range sortedKeys(r.Settings) {
		if !slices.Contains(names, name) {
			allowed := or(strings.Join(names, ", "), "none")
			f.add(JoinPath("settings", name), name, allowed, "the driver %s has no setting %s%s", driver.Name, name, or(didYouMean(name, names), "; it has "+allowed))
		}
	}
}

func settingExample(s Setting) string {
	if s.Example == "" {
		return ""
	}
	return ", e.g. " + s.Example
}

// holdsPassword says whether a setting, or one of several in it, is an address
// with a password.
func holdsPassword(value string) bool {
	for part := range strings.SplitSeq(value, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil || u.User == nil {
			continue
		}
		if _, has := u.User.Password(); has {
			return true
		}
	}
	return false
}

// engines are those that a scenario may name.
func engines() []string {
	field, _ := reflect.TypeFor[Scenario]().FieldByName("Engine")
	return strings.Split(field.Tag.Get("enum"), ",")
}

func (r *Region) checkImages(f *faults) {
	if r.Image != "" {
		checkImage(f, "image", r.Image)
	}
	for _, engine := range sortedKeys(r.Images) {
		here := JoinPath("images", engine)
		if !slices.Contains(engines(), engine) {
			allowed := strings.Join(engines(), ", ")
			f.add(here, engine, allowed, "there is no engine %q, it must be one of %s%s", engine, allowed, didYouMean(engine, engines()))
			continue
		}
		checkImage(f, here, r.Images[engine])
	}
}

func checkImage(f *faults, path, image string) {
	if image == "" || len(image) > 500 || strings.ContainsFunc(image, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		f.add(path, image, "the name of a container image", "%q is no image: write its name without spaces, e.g. registry.example.com/onrush-agent:1.2", image)
	}
}

func (r *Region) checkServer(f *faults) {
	if r.Server == "" {
		return
	}
	const allowed = "a URL of http or https with nothing behind the path"
	u, err := url.Parse(r.Server)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		f.add("server", r.Server, allowed, "%q is not where tasks can reach the server: write %s, e.g. https://onrush.example.com", r.Server, allowed)
	}
}

func (r *Region) checkLabels(f *faults) {
	for _, key := range sortedKeys(r.Labels) {
		here, value := JoinPath("labels", key), r.Labels[key]
		for _, known := range []string{LabelLocation, LabelProviderRegion} {
			if key != known && plainWord(key) == plainWord(known) {
				f.add(here, key, known, "the label is written %s", known)
			}
		}
		switch {
		case !isName(key, "-_./"):
			f.add(here, key, "letters, digits, '-', '_', '.', '/'", "%q cannot name a label: write letters, digits, '-', '_', '.' and '/'", key)
		case value == "" || len(value) > 200:
			f.add(here, value, "1 to 200 letters", "a label needs 1 to 200 letters")
		case key == LabelLocation:
			if _, _, ok := readLocation(value); !ok {
				const allowed = "latitude -90 to 90, a comma, longitude -180 to 180"
				f.add(here, value, allowed, "%q is no place on the map: write latitude and longitude in degrees, e.g. 50.1,8.7", value)
			}
		}
	}
}
