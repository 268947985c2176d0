package docker_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// engine2 is a second real engine, that listens on TCP with TLS.
type engine2 struct {
	host          string // tcp://127.0.0.1:…
	ca, cert, key string // what a client needs
	strangersCert string // of an authority that the engine does not know
	strangersKey  string
	unix          string // its local socket
}

// startEngine starts an engine of the test's own and ends it after the test.
func startEngine(t *testing.T) engine2 {
	t.Helper()
	program, err := exec.LookPath("dockerd")
	if err != nil {
		t.Fatalf("%v: scripts/components/docker up installs it", err)
	}
	dir, err := os.MkdirTemp("", "engine2") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("umount", filepath.Join(dir, "run", "netns", "default")).Run() // an engine leaves it
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	e := engine2{unix: "unix://" + filepath.Join(dir, "s")}
	authority := newAuthority(t, dir, "ca")
	e.ca = authority.file
	serverCert, serverKey := authority.issue(t, dir, "server")
	e.cert, e.key = authority.issue(t, dir, "client")
	e.strangersCert, e.strangersKey = newAuthority(t, dir, "stranger").issue(t, dir, "strange-client")
	port := freePort(t)
	e.host = "tcp://" + port
	var log bytes.Buffer
	cmd := exec.Command(program, "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "run"),
		"--pidfile", filepath.Join(dir, "pid"), "--bridge", "none", "--iptables=false", "--ip6tables=false",
		"--host", e.unix, "--host", e.host, "--tlsverify", "--tlscacert", e.ca, "--tlscert", serverCert, "--tlskey", serverKey)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		defer func() {
			if t.Failed() {
				t.Logf("the second engine said: %s", log.String())
			}
		}()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	api := dial(t, e.unix)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		_, err := api.Ping(t.Context(), client.PingOptions{})
		if err == nil {
			break
		}
		select {
		case <-ended:
			t.Fatalf("the second engine does not start: %s", log.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("the second engine does not answer: %v", err)
		}
	}
	loadProgram(t, e.unix)
	return e
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

type authority struct {
	file string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, dir, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{writePEM(t, filepath.Join(dir, name+".pem"), "CERTIFICATE", der), cert, key}
}

func (a authority) issue(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &own.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, filepath.Join(dir, name+".pem"), "CERTIFICATE", der),
		writePEM(t, filepath.Join(dir, name+"-key.pem"), "PRIVATE KEY", private)
}

func writePEM(t *testing.T, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (e engine2) place(t *testing.T, hosts ...string) fleet.Place {
	t.Helper()
	p := place(t)
	p.Settings["hosts"] = strings.Join(hosts, " ")
	p.Settings["tls_ca"], p.Settings["tls_cert"], p.Settings["tls_key"] = e.ca, e.cert, e.key
	return p
}

// Two engines, one of them reached over TLS, share the tasks; one that goes
// down is left out, and what runs there is not started elsewhere.
func TestTwoEngines(t *testing.T) {
	t.Parallel()
	first := newProxy(t, engineHost(t))
	loadProgram(t, first.host)
	second := startEngine(t)
	where := second.place(t, first.host, second.host)
	d := open(t, where)
	run := newRun(t, d)
	start(t, d, specs(run, "wait", names(6)...))
	on := map[string]int{}
	for name, api := range map[string]*client.Client{"first": dial(t, first.host), "second": dial(t, second.unix)} {
		got, err := api.ContainerList(t.Context(), client.ContainerListOptions{Filters: client.Filters{}.Add("label", "onrush.run="+run)})
		if err != nil {
			t.Fatal(err)
		}
		on[name] = len(got.Items)
	}
	if on["first"] != 3 || on["second"] != 3 {
		t.Errorf("six tasks on two engines lie %v", on)
	}
	log, err := d.Logs(t.Context(), run, "eu-6", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}

	if got := instances(t, d, run); len(got) != 6 {
		t.Errorf("the list has %d of 6 tasks", len(got))
	}
	first.breaks(all)
	if got := instances(t, d, run); len(got) != 6 {
		t.Errorf("with one engine silent the list has %d of 6 tasks", len(got))
	}
	capacity, err := d.Capacity(t.Context())
	if err != nil || !strings.Contains(capacity.Note, "one engine") || !strings.Contains(capacity.Note, first.host+" does not answer") {
		t.Errorf("capacity with one engine silent: %+v, %v", capacity, err)
	}
	findings, err := d.Check(t.Context())
	if err != nil || !slicesContain(findings, "engine", load.FindingWarning) || slicesContain(findings, "engine", load.FindingFailed) {
		t.Errorf("check with one engine silent: %+v, %v, want a warning", findings, err)
	}
	// After a crash, by a value that finds the first engine silent.
	fresh := open(t, where)
	answers, err := fresh.Start(t.Context(), specs(run, "wait", names(10)...))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i, a := range answers {
		if a.Err != nil {
			refused++
			if i >= 6 || !strings.Contains(a.Err.Error(), first.host) {
				t.Errorf("task %d: %v", i+1, a.Err)
			}
		}
	}
	if refused != 3 {
		t.Errorf("%d tasks were refused, want the three that run on the silent engine", refused)
	}
	first.breaks(nil)
	await(t, "the first engine is seen", func() bool { // it is not asked again at once
		list, err := fresh.List(t.Context(), run)
		return err == nil && len(list) == 10
	})
	if err := fresh.Stop(t.Context(), run); err != nil {
		t.Error(err)
	}
	for _, host := range []string{first.host, second.unix} {
		if got := left(t, dial(t, host), where.Dir, run); len(got) != 0 {
			t.Errorf("after stop there is still %v on %s", got, host)
		}
	}
}

// A tcp engine asks for a certificate that it knows.
func TestStrangersCertificate(t *testing.T) {
	t.Parallel()
	engineHost(t) // says what is missing
	e := startEngine(t)
	for name, change := range map[string]func(fleet.Place){
		"another authority's": func(p fleet.Place) { p.Settings["tls_cert"], p.Settings["tls_key"] = e.strangersCert, e.strangersKey },
		"none":                func(p fleet.Place) { delete(p.Settings, "tls_cert"); delete(p.Settings, "tls_key") },
		"no TLS": func(p fleet.Place) {
			delete(p.Settings, "tls_cert")
			delete(p.Settings, "tls_key")
			delete(p.Settings, "tls_ca")
		},
	} {
		where := e.place(t, e.host)
		change(where)
		d := open(t, where)
		findings, err := d.Check(t.Context())
		if err != nil || len(findings) != 1 || findings[0].State != load.FindingFailed || !strings.Contains(findings[0].Remedy, "certificate") {
			t.Errorf("certificate: %s: found %+v, %v, want that it is refused", name, findings, err)
		}
	}
	if findings, err := open(t, e.place(t, e.host)).Check(t.Context()); err != nil || slicesContain(findings, "engine", load.FindingFailed) {
		t.Errorf("the right certificate: found %+v, %v", findings, err)
	}
}

// sshd starts an ssh server of the test's own, and returns its address and a
// configuration of the client that gets in.
func sshd(t *testing.T) (address, config string) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	address = freePort(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	hostKey, err := os.ReadFile(file("host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, lines ...string) string {
		if err := os.WriteFile(file(name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file(name)
	}
	server := write("sshd_config", "ListenAddress "+address, "HostKey "+file("host"), "AuthorizedKeysFile "+file("user.pub"),
		"PidFile none", "StrictModes no", "UsePAM no", "PermitRootLogin prohibit-password", "PasswordAuthentication no")
	write("known_hosts", "[127.0.0.1]:"+port+" "+string(hostKey))
	config = write("ssh_config", "IdentityFile "+file("user"), "IdentitiesOnly yes", "UserKnownHostsFile "+file("known_hosts"), "StrictHostKeyChecking yes")
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd asks for it
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/usr/sbin/sshd", "-D", "-e", "-f", server)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: scripts/components/docker up installs it", err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
			return address, config
		}
		if time.Now().After(end) {
			t.Fatalf("sshd does not listen: %v: %s", err, log.String())
		}
	}
}

// An engine behind ssh does all that a near one does.
func TestSSH(t *testing.T) {
	t.Parallel()
	host := engineHost(t)
	loadProgram(t, host)
	address, config := sshd(t)
	_, socket, _ := strings.Cut(host, "://")
	where := place(t)
	where.Settings["hosts"], where.Settings["ssh_config"] = "ssh://root@"+address+socket, config
	d := open(t, where)
	if findings, err := d.Check(t.Context()); err != nil || slicesContain(findings, "engine", load.FindingFailed) || slicesContain(findings, "engine", load.FindingWarning) {
		t.Fatalf("found %+v, %v", findings, err)
	}
	run := newRun(t, d)
	start(t, d, append(specs(run, "quit", "eu-1"), specs(run, "wait", "eu-2", "eu-3", "eu-4")...))
	if got := output(t, d, run, "eu-1"); !strings.Contains(got, "cannot read the plan") {
		t.Errorf("the log over ssh is %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	log, err := d.Logs(ctx, run, "eu-2", true)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	line := make([]byte, 100)
	if n, err := log.Read(line); err != nil || !strings.Contains(string(line[:n]), "up and waiting") {
		t.Errorf("followed %q, %v", line[:n], err)
	}
	if err := d.Stop(t.Context(), run); err != nil {
		t.Error(err)
	}
	if got := left(t, dial(t, host), where.Dir, run); len(got) != 0 {
		t.Errorf("after stop there is still %v", got)
	}

	where.Settings["ssh_config"] = "/dev/null" // knows neither key nor host
	findings, err := open(t, where).Check(t.Context())
	if err != nil || len(findings) != 1 || findings[0].State != load.FindingFailed || !strings.Contains(strings.ToLower(findings[0].Text), "host key verification failed") {
		t.Errorf("a stranger over ssh: found %+v, %v, want ssh's own words", findings, err)
	}
}
