package h2

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// target answers with what the path asks for.
func target(w http.ResponseWriter, r *http.Request) {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	n, _ := strconv.Atoi(rest)
	switch kind {
	case "echo":
		w.Header().Set("Trailer", "X-Seen")
		seen, _ := io.Copy(w, r.Body)
		w.Header().Set("X-Seen", fmt.Sprint(seen))
	case "length":
		w.Header().Set("Content-Length", rest)
		_, _ = w.Write(make([]byte, n))
	case "chunks":
		for left := n; left > 0; left -= min(left, 1000) {
			_, _ = w.Write(make([]byte, min(left, 1000)))
			w.(http.Flusher).Flush()
		}
	case "early":
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case "status":
		w.WriteHeader(n)
	case "hints":
		w.Header().Set("Link", "</style>")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "hinted")
	case "fields":
		var b strings.Builder
		fmt.Fprint(&b, r.Host, " ", r.ContentLength, " ", r.Header.Get("User-Agent"), " ", len(r.Header.Get("X-Long")))
		_, _ = io.WriteString(w, b.String())
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// serve runs the library's server and returns a connection to it.
func serve(t *testing.T, settings *http.HTTP2Config) net.Conn {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := httptest.NewUnstartedServer(http.HandlerFunc(target))
	server.Config.Protocols, server.Config.HTTP2 = protocols, settings
	server.Start()
	t.Cleanup(server.Close)
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func errands() []errand {
	text := strings.Repeat("a body that goes up and comes down. ", 4000)
	long := get("/fields")
	long.Fields = append(long.Fields, proto.Field{Name: "X-Long", Value: strings.Repeat("l", 40_000)})
	head := get("/length/123")
	head.Method = "HEAD"
	list := []errand{
		{get("/length/0"), 200, "", 0, false},
		{get("/length/1024"), 200, "", 1024, false},
		{get("/length/300000"), 200, "", 300_000, false},
		{get("/chunks/20500"), 200, "", 20_500, false},
		{get("/length/1000000"), 200, "", 0, true},
		{get("/status/204"), 204, "", 0, false},
		{get("/status/304"), 304, "", 0, false},
		{get("/nothing"), 404, "", 0, false},
		{get("/hints"), 200, "hinted", 6, false},
		{long, 200, "target.test 0 onrush 40000", 26, false},
		{head, 200, "", 0, false},
	}
	for _, size := range []int{0, 5, smallBody, leastFrame, len(text)} {
		for _, asFile := range []bool{false, true} {
			m := upload([]byte(text[:size]), asFile)
			m.Path = "/echo"
			list = append(list, errand{m, 200, text[:size], int64(size), false})
		}
	}
	early := upload([]byte(text), true)
	early.Path = "/early"
	return append(list, errand{early, 413, "", 0, false})
}

func TestLibraryServer(t *testing.T) {
	t.Parallel()
	for _, streams := range []int{1, 4, 100} {
		for _, window := range []int{1000, 0} {
			t.Run(fmt.Sprintf("streams=%d,window=%d", streams, window), func(t *testing.T) {
				t.Parallel()
				settings := &http.HTTP2Config{}
				if window > 0 {
					settings.MaxReceiveBufferPerConnection, settings.MaxReceiveBufferPerStream = firstWindow, window
					settings.MaxReadFrameSize, settings.MaxDecoderHeaderTableSize = leastFrame, 100
				}
				p := newPump(t, serve(t, settings), Options{MaxStreams: streams, Window: window}, 20_000)
				defer p.close()
				if window > 0 {
					// This server holds us to its windows before it has told us of them.
					p.run([]errand{{get("/length/0"), 200, "", 0, false}})
				}
				var list []errand
				for range 12 {
					list = append(list, errands()...)
				}
				p.run(list)
			})
		}
	}
}

const nginxConfig = `
daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log warn;
worker_processes 1;
%[4]s
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  client_max_body_size 64m;
  large_client_header_buffers 4 64k;
  keepalive_requests 100000;
  server {
    listen %[2]s http2;
    root %[1]s;
    location / { proxy_http_version 1.1; proxy_set_header Host $host; proxy_request_buffering off; proxy_pass http://%[3]s; }
    location /file { }
    location = /said { return 200 "said\n"; }
  }
}
`

// startNginx starts nginx in front of the target and returns its address.
func startNginx(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx"
	}
	behind := httptest.NewServer(http.HandlerFunc(target))
	t.Cleanup(behind.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir, user := t.TempDir(), ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	config := fmt.Sprintf(nginxConfig, dir, l.Addr(), behind.Listener.Addr(), user)
	for name, data := range map[string][]byte{"nginx.conf": []byte(config), "file": bytes.Repeat([]byte("0123456789"), 500_000)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	// The port is open from the start, so connecting to it waits for nginx.
	cmd.ExtraFiles, cmd.Env, cmd.Stderr = []*os.File{f}, append(os.Environ(), "NGINX=3;"), os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("start nginx (make test installs it): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "nginx.pid")); err == nil {
			return l.Addr().String()
		}
		if time.Now().After(deadline) {
			t.Fatal("nginx does not start")
		}
	}
}

func TestNginx(t *testing.T) {
	t.Parallel()
	addr := startNginx(t)
	for _, streams := range []int{1, 7, 100} {
		t.Run(fmt.Sprint("streams=", streams), func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			p := newPump(t, conn, Options{MaxStreams: streams, Window: 100_000}, 50_000)
			defer p.close()
			list := []errand{{get("/said"), 200, "said\n", 5, false}}
			for range 4 {
				for _, e := range errands() {
					if e.message.Path != "/hints" && e.message.Path != "/early" { // this nginx passes no hints on
						list = append(list, e)
					}
				}
				list = append(list,
					errand{get("/file"), 200, "", 5_000_000, false}, errand{get("/file"), 200, "", 0, true},
					errand{get("/said"), 200, "said\n", 5, false})
			}
			p.run(list)
		})
	}
}
