package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/scenfile"
	"onrush.dev/onrush/internal/server"
)

// serveFile is the configuration file of `onrush serve`.
type serveFile struct {
	Data      string         `yaml:"data"`
	Listen    string         `yaml:"listen"`
	PublicURL string         `yaml:"public-url"`
	PublicCA  string         `yaml:"public-ca"`
	TLSCert   string         `yaml:"tls-cert"`
	TLSKey    string         `yaml:"tls-key"`
	PlainHTTP bool           `yaml:"insecure-http"`
	BusListen string         `yaml:"bus-listen"`
	BusURL    []string       `yaml:"bus-url"`
	Proxies   []netip.Prefix `yaml:"trusted-proxies"`
	DSN       string         `yaml:"dsn"`
	LogFormat string         `yaml:"log-format"`
	LogLevel  string         `yaml:"log-level"`
	Regions   []yaml.Node    `yaml:"regions"` // as region files

	regions []load.Region
}

// serveRegion is a region on this machine as a flag says it: NAME[:LIMIT].
type serveRegion struct {
	Name  string
	Limit int
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *serveRegion) UnmarshalText(text []byte) error {
	name, limit, found := strings.Cut(string(text), ":")
	r.Name = name
	if found {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return load.Errorf(load.Invalid, "found %q, allowed is NAME or NAME:LIMIT with a limit of at least one task", text)
		}
		r.Limit = n
	}
	return nil
}

// config joins flags, variables and file; the first that says something wins.
func (c *serveCmd) config(env *Env) (server.Config, error) {
	file, err := readServeFile(c.Config)
	if err != nil {
		return server.Config{}, err
	}
	level := slog.LevelInfo
	if word := cmp.Or(c.LogLevel, file.LogLevel); word != "" {
		if err := level.UnmarshalText([]byte(word)); err != nil {
			return server.Config{}, load.Errorf(load.Invalid, "log-level: found %q, allowed is debug, info, warn or error", word)
		}
	}
	format := cmp.Or(c.LogFormat, file.LogFormat, "text")
	if format != "text" && format != "json" {
		return server.Config{}, load.Errorf(load.Invalid, "log-format: found %q, allowed is text or json", format)
	}
	regions := file.regions
	if len(c.Region) > 0 {
		regions = nil
	}
	for _, r := range c.Region {
		regions = append(regions, load.Region{Name: r.Name, Driver: load.DriverLocal, Limit: r.Limit})
	}
	proxies := c.Proxies
	if len(proxies) == 0 {
		proxies = file.Proxies
	}
	data, err := filepath.Abs(cmp.Or(c.Data, file.Data, defaultData))
	if err != nil {
		return server.Config{}, err
	}
	config := server.Config{
		DataDir:   data,
		Listen:    cmp.Or(c.Listen, file.Listen, "127.0.0.1:8080"),
		PublicURL: cmp.Or(c.PublicURL, file.PublicURL),
		PublicCA:  cmp.Or(c.PublicCA, file.PublicCA),
		TLSCert:   cmp.Or(c.TLSCert, file.TLSCert),
		TLSKey:    cmp.Or(c.TLSKey, file.TLSKey),
		BusListen: cmp.Or(c.BusListen, file.BusListen),
		BusURLs:   c.BusURL,
		DSN:       cmp.Or(c.DSN, file.DSN),
		Regions:   regions,
		Version:   env.Version,
		// From the environment alone: a flag would stand in the list of processes.
		AdminPassword:  os.Getenv(adminPassword),
		TrustedProxies: proxies,
		Log:            newLog(env.Err, format, level),
	}
	if len(config.BusURLs) == 0 {
		config.BusURLs = file.BusURL
	}
	if err := checkListen(config, c.PlainHTTP || file.PlainHTTP); err != nil {
		return server.Config{}, err
	}
	return config, nil
}

// checkListen refuses to take passwords and tokens of other machines in the
// clear, unless the user says so: HTTPS is ours or a proxy's.
func checkListen(config server.Config, plain bool) error {
	host, _, err := net.SplitHostPort(config.Listen)
	if err != nil {
		return load.Errorf(load.Invalid, "listen: found %q, allowed is host:port, e.g. 127.0.0.1:8080", config.Listen)
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost" || ip != nil && ip.IsLoopback(), config.TLSCert != "":
		return nil
	case strings.HasPrefix(config.PublicURL, "https://"):
		config.Log.Info("plain HTTP for the proxy before this server: let nobody else reach it", "listen", config.Listen)
		return nil
	case plain:
		config.Log.Warn("plain HTTP: passwords and tokens travel in the clear", "listen", config.Listen)
		return nil
	}
	return load.Errorf(load.Invalid, "listen: %s is open to other machines, and without HTTPS passwords and tokens travel in the clear: "+
		"set tls-cert and tls-key, or public-url to the https URL of the proxy before this server, or insecure-http if you accept that", config.Listen)
}

// readServeFile reads the file, if any; unknown keys are errors.
func readServeFile(name string) (serveFile, error) {
	var file serveFile
	if name == "" {
		return file, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return file, load.Errorf(load.Invalid, "cannot read the configuration: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	err = decoder.Decode(&file)
	var faults *yaml.TypeError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return file, inFile(name, file.readRegions())
	case !errors.As(err, &faults):
		return file, inFile(name, load.Errorf(load.Invalid, "%s", strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	problems := make([]load.Problem, len(faults.Errors))
	for i, text := range faults.Errors {
		problems[i] = serveProblem(text)
	}
	return file, inFile(name, &load.Error{Code: load.Invalid, Message: err.Error(), Problems: problems})
}

// readRegions reads the regions by the rules of region files.
func (f *serveFile) readRegions() error {
	var problems []load.Problem
	drivers := server.Drivers()
	for i := range f.Regions {
		region, faults := scenfile.ReadRegion(&f.Regions[i], func(r load.Region) []load.Problem { return load.ValidateRegion(r, drivers) })
		f.regions = append(f.regions, load.RegionWithDefaults(region))
		for _, p := range faults {
			p.Path = strings.TrimSuffix(fmt.Sprintf("regions[%d].%s", i, p.Path), ".")
			problems = append(problems, p)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return &load.Error{Code: load.Invalid, Message: problems[0].String(), Problems: problems}
}

// serveProblem turns the decoder's words into ours.
func serveProblem(text string) load.Problem {
	p := load.Problem{Message: text}
	if _, err := fmt.Sscanf(text, "line %d:", &p.Line); err == nil {
		_, p.Message, _ = strings.Cut(text, ": ")
	}
	if field, _, ok := strings.Cut(strings.TrimPrefix(p.Message, "field "), " not found in type "); ok {
		p.Path = field
		p.Message = "unknown key; allowed are data, listen, public-url, public-ca, tls-cert, tls-key, insecure-http, bus-listen, bus-url, dsn, trusted-proxies, log-format, log-level and regions"
	}
	return p
}
