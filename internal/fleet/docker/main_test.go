package docker_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/moby/moby/client"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if host := os.Getenv("DOCKER_HOST"); host != "" && os.Getenv("ONRUSH_TEST_CRASH") == "" {
		if err := removeImages(host); err != nil {
			fmt.Fprintln(os.Stderr, "remove the tests' images:", err)
			code = max(code, 1)
		}
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// removeImages leaves the engine as it was.
func removeImages(host string) error {
	api, err := client.New(client.WithHost(host))
	if err != nil {
		return err
	}
	defer api.Close()
	list, err := api.ImageList(context.Background(), client.ImageListOptions{Filters: client.Filters{}.Add("reference", "onrush-test/*")})
	if err != nil {
		return err
	}
	for _, image := range list.Items {
		if _, err := api.ImageRemove(context.Background(), image.ID, client.ImageRemoveOptions{Force: true}); err != nil {
			return err
		}
	}
	return nil
}
