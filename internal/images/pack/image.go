package pack

import (
	"fmt"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is one image to write.
type Image struct {
	Reference string // onrush/agent:1.2.3
	Arch      string
	Recipe    Recipe
	Layers    []string // one file for each of the recipe's copies
	Created   time.Time
}

// Size is what an image takes.
type Size struct {
	Packed   int64 `json:"packed"`   // bytes, as it travels
	Unpacked int64 `json:"unpacked"` // bytes, as it lies on a disk
}

// Build puts an image together.
func (i Image) Build() (v1.Image, error) {
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: i.Arch, Created: v1.Time{Time: i.Created}, RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, err
	}
	for n, file := range i.Layers {
		layer, err := tarball.LayerFromFile(file)
		if err != nil {
			return nil, fmt.Errorf("read layer %s: %w", file, err)
		}
		image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{
			Created: v1.Time{Time: i.Created}, CreatedBy: "COPY " + i.Recipe.Copies[n].Part + "/ /",
		}})
		if err != nil {
			return nil, err
		}
	}
	config, err := i.Recipe.config()
	if err != nil {
		return nil, err
	}
	return mutate.Config(image, config)
}

// config is the recipe's settings as images carry them.
func (r Recipe) config() (v1.Config, error) {
	c := v1.Config{
		User: r.User, Env: r.Env, Entrypoint: r.Entrypoint, Cmd: r.Cmd, WorkingDir: r.WorkDir, Labels: r.Labels,
	}
	if len(r.Volumes) > 0 {
		c.Volumes = map[string]struct{}{}
		for _, v := range r.Volumes {
			c.Volumes[v] = struct{}{}
		}
	}
	if len(r.Ports) > 0 {
		c.ExposedPorts = map[string]struct{}{}
		for _, p := range r.Ports {
			c.ExposedPorts[p+"/tcp"] = struct{}{}
		}
	}
	if h := r.Health; h != nil {
		health := &v1.HealthConfig{Test: append([]string{"CMD"}, h.Command...)}
		for text, to := range map[string]*time.Duration{h.Interval: &health.Interval, h.Timeout: &health.Timeout, h.StartPeriod: &health.StartPeriod} {
			if text == "" {
				continue
			}
			d, err := time.ParseDuration(text)
			if err != nil {
				return c, err
			}
			*to = d
		}
		c.Healthcheck = health
	}
	return c, nil
}

// Write writes the image as one file, which `docker load`, `ctr images import`,
// skopeo and crane read.
func (i Image) Write(file string) error {
	image, err := i.Build()
	if err != nil {
		return err
	}
	ref, err := name.NewTag(i.Reference, name.WeakValidation)
	if err != nil {
		return err
	}
	temp := file + ".new"
	if err := tarball.WriteToFile(temp, ref, image); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return os.Rename(temp, file)
}

// Measure says what the image takes.
func (i Image) Measure() (Size, error) {
	image, err := i.Build()
	if err != nil {
		return Size{}, err
	}
	layers, err := image.Layers()
	if err != nil {
		return Size{}, err
	}
	var size Size
	for _, l := range layers {
		packed, err := l.Size()
		if err != nil {
			return Size{}, err
		}
		size.Packed += packed
		unpacked, err := unpackedSize(l)
		if err != nil {
			return Size{}, err
		}
		size.Unpacked += unpacked
	}
	return size, nil
}
