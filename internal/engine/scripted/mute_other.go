//go:build !unix

package scripted

import (
	"context"
	"errors"
)

func mute(context.Context) error {
	return errors.New("mute: this system cannot stop a process")
}
