package docker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
)

// pulls lets many starts that lack the same image wait for one fetch of it.
type pulls struct {
	mu   sync.Mutex
	each map[string]*pull
}

type pull struct {
	done chan struct{}
	err  error
	at   time.Time // when it ended
}

// fresh is how long the outcome of a fetch answers for others: the many tasks
// of one start ask within seconds.
const fresh = 30 * time.Second

// fetch makes the engine fetch an image, once for all that ask meanwhile.
func (d *Driver) fetch(ctx context.Context, e *engine, image string) error {
	e.pulls.mu.Lock()
	p := e.pulls.each[image]
	mine := p == nil || (!p.at.IsZero() && time.Since(p.at) > fresh)
	if mine {
		if e.pulls.each == nil {
			e.pulls.each = map[string]*pull{}
		}
		p = &pull{done: make(chan struct{})}
		e.pulls.each[image] = p
	}
	e.pulls.mu.Unlock()
	if !mine {
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if ctx.Err() == nil && (errors.Is(p.err, context.Canceled) || errors.Is(p.err, context.DeadlineExceeded)) {
			return d.fetch(ctx, e, image) // whoever fetched it gave up
		}
		return p.err
	}
	d.Log.Info("engine fetches an image", "engine", e.host, "image", image)
	err := d.fetchNow(ctx, e, image)
	if err != nil && !isDown(err) && ctx.Err() == nil {
		err = &imageError{image, err}
	}
	e.pulls.mu.Lock()
	defer e.pulls.mu.Unlock()
	p.err, p.at = err, time.Now()
	if isDown(err) || ctx.Err() != nil { // says nothing of the image
		delete(e.pulls.each, image)
	}
	close(p.done)
	return err
}

func (d *Driver) fetchNow(ctx context.Context, e *engine, image string) error {
	auth, err := credentials(ctx, d.Registry, image)
	if err != nil {
		return err
	}
	return e.call(ctx, withinPull, func(ctx context.Context) error {
		stream, err := e.api.ImagePull(ctx, image, client.ImagePullOptions{RegistryAuth: auth})
		if err != nil {
			return err
		}
		defer stream.Close()
		return stream.Wait(ctx)
	})
}

// credentials finds what docker login noted for the registry of an image, as
// the engine wants to have it. None is no fault: most images are public.
func credentials(ctx context.Context, file, image string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fmt.Errorf("read the image's name %q: %w", image, err)
	}
	host := reference.Domain(named)
	if host == "docker.io" {
		host = "https://index.docker.io/v1/"
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", nil //nolint:nilerr // nobody logged in
	}
	var config struct {
		Auths map[string]struct {
			Auth          string `json:"auth"`
			IdentityToken string `json:"identitytoken"`
		} `json:"auths"`
		Helpers map[string]string `json:"credHelpers"`
		Store   string            `json:"credsStore"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return "", fmt.Errorf("read registries' credentials in %s: %w", file, err)
	}
	found := registry.AuthConfig{ServerAddress: host}
	helper := config.Helpers[host]
	if helper == "" {
		helper = config.Store
	}
	entry, ok := config.Auths[host]
	switch {
	case helper != "":
		if found.Username, found.Password, err = askHelper(ctx, helper, host); err != nil || found.Username == "" {
			return "", err
		}
		if found.Username == "<token>" {
			found = registry.AuthConfig{ServerAddress: host, IdentityToken: found.Password}
		}
	case ok:
		text, err := base64.StdEncoding.DecodeString(entry.Auth)
		if err != nil {
			return "", fmt.Errorf("read registries' credentials in %s: those for %s are not base64", file, host)
		}
		found.Username, found.Password, _ = strings.Cut(string(text), ":")
		found.IdentityToken = entry.IdentityToken
	default:
		return "", nil
	}
	return authconfig.Encode(found)
}

// askHelper asks one of docker's credential helpers.
func askHelper(ctx context.Context, helper, host string) (user, secret string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker-credential-"+helper, "get")
	cmd.Stdin = strings.NewReader(host)
	out, err := cmd.Output()
	if strings.Contains(string(out), "credentials not found") {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("ask docker-credential-%s for %s: %w", helper, host, err)
	}
	var answer struct{ Username, Secret string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", "", fmt.Errorf("ask docker-credential-%s for %s: %w", helper, host, err)
	}
	return answer.Username, answer.Secret, nil
}
