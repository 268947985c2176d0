// Package pack makes images out of parts: it reads our Dockerfiles, which need no
// base image and run nothing, and writes the image that `docker build` would make
// of them, without a Docker. It knows nothing of what is in a part. Read Parse first,
// then Write.
package pack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Recipe is a Dockerfile as far as ours go: FROM scratch, COPY of whole parts to
// the root, and settings of the image.
type Recipe struct {
	Copies     []Copy
	Env        []string
	Labels     map[string]string
	User       string
	WorkDir    string
	Volumes    []string
	Ports      []string
	Entrypoint []string
	Cmd        []string
	Health     *Health
}

// Copy is one layer: a part, and whose its files are.
type Copy struct {
	Part     string
	UID, GID int
}

// Health is the command that says whether the program inside is well.
type Health struct {
	Command []string
	// Interval, Timeout and StartPeriod are durations as Docker writes them.
	Interval, Timeout, StartPeriod string
}

// Parse reads a Dockerfile. values are what its ARGs get, in place of their defaults.
func Parse(text string, values map[string]string) (Recipe, error) {
	p := parser{known: map[string]string{}, values: values, recipe: Recipe{Labels: map[string]string{}}}
	text = strings.ReplaceAll(text, "\\\n", " ")
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		if err := p.line(word, strings.TrimSpace(rest)); err != nil {
			return Recipe{}, fmt.Errorf("line %d (%s): %w", n+1, line, err)
		}
	}
	return p.recipe, nil
}

type parser struct {
	known, values map[string]string
	recipe        Recipe
}

func (p *parser) line(word, rest string) (err error) {
	r := &p.recipe
	switch word {
	case "FROM":
		if rest != "scratch" {
			err = fmt.Errorf("images are made from scratch here, out of parts")
		}
	case "ARG":
		name, standard, _ := strings.Cut(rest, "=")
		p.known[name] = standard
		if v, ok := p.values[name]; ok {
			p.known[name] = v
		}
	case "COPY":
		err = p.copy(strings.Fields(rest))
	case "ENV":
		err = p.pairs(rest, func(name, value string) { r.Env = append(r.Env, name+"="+value) })
	case "LABEL":
		err = p.pairs(rest, func(name, value string) { r.Labels[name] = value })
	case "USER":
		r.User = rest
	case "WORKDIR":
		r.WorkDir = rest
	case "EXPOSE":
		r.Ports = strings.Fields(rest)
	case "VOLUME":
		err = json.Unmarshal([]byte(rest), &r.Volumes)
	case "ENTRYPOINT":
		err = json.Unmarshal([]byte(rest), &r.Entrypoint)
	case "CMD":
		err = json.Unmarshal([]byte(rest), &r.Cmd)
	case "HEALTHCHECK":
		err = p.health(rest)
	default:
		err = fmt.Errorf("%s is not among what is read here", word)
	}
	return err
}

func (p *parser) copy(words []string) error {
	c := Copy{}
	if owner, ok := strings.CutPrefix(words[0], "--chown="); ok {
		if _, err := fmt.Sscanf(owner, "%d:%d", &c.UID, &c.GID); err != nil {
			return fmt.Errorf("an owner is written UID:GID: %w", err)
		}
		words = words[1:]
	}
	if len(words) != 2 || !strings.HasSuffix(words[0], "/") || words[1] != "/" {
		return fmt.Errorf("a part is copied whole, as PART/ /")
	}
	c.Part = strings.TrimSuffix(words[0], "/")
	p.recipe.Copies = append(p.recipe.Copies, c)
	return nil
}

// pairs reads NAME=value NAME="a value" …
func (p *parser) pairs(rest string, put func(name, value string)) error {
	for rest != "" {
		name, value, ok := strings.Cut(rest, "=")
		if !ok {
			return fmt.Errorf("%q has no value", rest)
		}
		if quoted, isQuoted := strings.CutPrefix(value, `"`); isQuoted {
			value, rest, ok = strings.Cut(quoted, `"`)
			if !ok {
				return fmt.Errorf("the quote of %s does not end", name)
			}
		} else {
			value, rest, _ = strings.Cut(value, " ")
		}
		for arg, v := range p.known {
			value = strings.ReplaceAll(value, "${"+arg+"}", v)
		}
		put(name, value)
		rest = strings.TrimSpace(rest)
	}
	return nil
}

func (p *parser) health(rest string) error {
	h := Health{}
	flags := map[string]*string{"--interval": &h.Interval, "--timeout": &h.Timeout, "--start-period": &h.StartPeriod}
	for strings.HasPrefix(rest, "--") {
		word, after, _ := strings.Cut(rest, " ")
		name, value, _ := strings.Cut(word, "=")
		if flags[name] == nil {
			return fmt.Errorf("%s is not read here", name)
		}
		*flags[name], rest = value, strings.TrimSpace(after)
	}
	command, ok := strings.CutPrefix(rest, "CMD ")
	if !ok {
		return fmt.Errorf("a check is CMD [\"program\", …]")
	}
	p.recipe.Health = &h
	return json.Unmarshal([]byte(command), &h.Command)
}
