package cli

import (
	"fmt"
	"os"

	"onrush.dev/onrush/internal/target"
)

// targetCmd is `onrush target`.
type targetCmd struct {
	Listen string `default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where it listens."`
	TLS    bool   `name:"tls" help:"Speak HTTPS."`
	Cert   string `type:"existingfile" placeholder:"FILE" help:"PEM certificate for --tls. Default: one of its own making."`
	Key    string `type:"existingfile" placeholder:"FILE" help:"PEM key of --cert."`
	CAFile string `name:"ca-file" placeholder:"FILE" help:"Write the certificate that clients have to trust here."`
}

// Run implements the command.
func (c *targetCmd) Run(env *Env) error {
	ctx, stop := untilInterrupt(env.Context)
	defer stop()
	t, err := target.Start(ctx, target.Options{
		Listen: c.Listen, TLS: c.TLS, CertFile: c.Cert, KeyFile: c.Key, Log: newLog(env.Err, "text", 0),
	})
	if err != nil {
		return err
	}
	if c.CAFile != "" {
		if err := os.WriteFile(c.CAFile, t.CA(), 0o644); err != nil {
			return fmt.Errorf("write the certificate: %w", err)
		}
	}
	fmt.Fprintf(env.Out, "%s\n", t.URL())
	<-ctx.Done()
	return t.Close()
}
