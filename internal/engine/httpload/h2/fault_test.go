package h2

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/net/http2"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// badHead is a script of a head that spoils its stream and nothing else.
func badHead(name, fault string, first bool, fields ...string) script {
	events := []string{"a fail after 0: malformed: " + fault}
	if first {
		events = []string{"a first", events[0]}
	}
	return script{
		name: name, events: events, sent: []string{"RST_STREAM 1 PROTOCOL_ERROR"}, room: 1,
		peer: func(s *server) { s.head(1, false, fields...).data(1, true, "late") },
	}
}

// badFrame is a script that spoils the connection.
func badFrame(name, code, fault string, peer func(*server)) script {
	return script{
		name: name, peer: peer, events: []string{"a fail after 0: malformed: " + fault},
		sent: []string{"GOAWAY " + code}, room: -1, fatal: true,
	}
}

func badStreamScripts() []script {
	forbidden := func(name, value string) script {
		return badHead(name, `the response has the header "`+name+`", which HTTP/2 forbids`, true, ok(name, value)...)
	}
	bytesOf := func(what, name, quoted, value string) script {
		return badHead(what, "the response has the header "+quoted+" with a name or value that HTTP/2 forbids", true, ok(name, value)...)
	}
	return []script{
		badHead("no status", "the response has no status", true, "server", "x"),
		badHead("status not first", "the response's status stands behind other headers or twice", true, "server", "x", ":status", "200"),
		badHead("status twice", "the response's status stands behind other headers or twice", true, ":status", "200", ":status", "200"),
		badHead("status of two digits", `the response has the status "20"`, true, ":status", "20"),
		badHead("status of letters", `the response has the status "2x0"`, true, ":status", "2x0"),
		badHead("request pseudo header", `the response has the pseudo header ":path"`, true, ok(":path", "/")...),
		badHead("unknown pseudo header", `the response has the pseudo header ":x"`, true, ok(":x", "/")...),
		badHead("status 101", "the response has status 101, which HTTP/2 does not have", false, ":status", "101"),
		badHead("lengths that differ", `the response has the content-length "2"`, true, ok("content-length", "1", "content-length", "2")...),
		badHead("negative length", `the response has the content-length "-1"`, true, ok("content-length", "-1")...),
		badHead("empty length", `the response has the content-length ""`, true, ok("content-length", "")...),
		badHead("endless length", `the response has the content-length "99999999999999999999"`, true, ok("content-length", "99999999999999999999")...),
		forbidden("connection", "close"), forbidden("keep-alive", "x"), forbidden("proxy-connection", "x"),
		forbidden("transfer-encoding", "chunked"), forbidden("upgrade", "h2c"),
		bytesOf("large letters", "Server", `"Server"`, "x"),
		bytesOf("a line break in a value", "x", `"x"`, "a\nb"),
		bytesOf("a return before a value", "x", `"x"`, "\rb"),
		bytesOf("a zero in a value", "x", `"x"`, "a\x00b"),
		bytesOf("a blank before a value", "x", `"x"`, " b"),
		bytesOf("a blank behind a value", "x", `"x"`, "b\t"),
		bytesOf("a blank in a name", "x y", `"x y"`, "b"),
		bytesOf("a colon in a name", "x:y", `"x:y"`, "b"),
		bytesOf("no name", "", `""`, "b"),
		{
			name: "interim that ends", peer: func(s *server) { s.head(1, true, ":status", "103") }, room: 1,
			events: []string{"a fail after 0: malformed: the response ends with an interim status"},
		},
		{
			name: "body before head", peer: func(s *server) { s.data(1, true, "x") }, room: 1, sent: []string{"RST_STREAM 1 PROTOCOL_ERROR"},
			events: []string{"a fail after 0: malformed: the response's body comes before its head"},
		},
		{
			name: "body too short", peer: func(s *server) { s.head(1, false, ok("content-length", "2")...).data(1, true, "x") }, room: 1,
			events: []string{"a first", "a head 200 2 content-length=2", "a fail after 1: malformed: the response's body has 1 bytes, and its content-length says 2"},
		},
		{
			name: "body too long", peer: func(s *server) { s.head(1, false, ok("content-length", "0")...).data(1, true, "x") }, room: 1,
			events: []string{"a first", "a head 200 0 content-length=0", "a fail after 0: malformed: the response's body is larger than its head says"},
			sent:   []string{"RST_STREAM 1 PROTOCOL_ERROR"},
		},
		{
			name: "204 with a body", peer: func(s *server) { s.head(1, false, ":status", "204").data(1, true, "x") }, room: 1,
			events: []string{"a first", "a head 204 0", "a fail after 0: malformed: the response's body is larger than its head says"},
			sent:   []string{"RST_STREAM 1 PROTOCOL_ERROR"},
		},
		{
			name: "no body where one is promised", peer: func(s *server) { s.head(1, true, ok("content-length", "2")...) }, room: 1,
			events: []string{"a first", "a head 200 2 content-length=2", "a fail after 0: malformed: the response's body has 0 bytes, and its content-length says 2"},
		},
		{
			name: "trailers that do not end", peer: func(s *server) { s.head(1, false, ok()...).head(1, false, "x", "y") }, room: 1,
			events: []string{"a first", "a head 200 -1", "a fail after 0: malformed: the response goes on behind its trailers"},
			sent:   []string{"RST_STREAM 1 PROTOCOL_ERROR"},
		},
		{
			name: "trailers with a status", peer: func(s *server) { s.head(1, false, ok()...).head(1, true, ok()...) }, room: 1,
			events: []string{"a first", "a head 200 -1", "a fail after 0: malformed: the response has a status in its trailers"},
		},
		{name: "head too large", options: Options{MaxHead: 100}, peer: func(s *server) {
			s.head(1, true, ok("a", strings.Repeat("a", 30), "b", strings.Repeat("b", 30))...)
		}, room: 1, events: []string{"a first", "a fail after 0: malformed: the response's headers are larger than 100 bytes"}},
		{
			name: "body larger than allowed, as promised", options: Options{MaxBody: 3}, room: 1, sent: []string{"RST_STREAM 1 CANCEL"},
			peer:   func(s *server) { s.head(1, false, ok("content-length", "4")...).data(1, true, "four") },
			events: []string{"a first", "a head 200 4 content-length=4", "a fail after 0: too_large: the body has 4 bytes or more, and 3 are allowed"},
		},
		{
			name: "window of nothing on a stream", peer: func(s *server) { _ = s.WriteWindowUpdate(1, 0) }, room: 1, sent: []string{"RST_STREAM 1 PROTOCOL_ERROR"},
			events: []string{"a fail after 0: malformed: the server sent WINDOW_UPDATE of nothing"},
		},
		{
			name: "window too large on a stream", peer: func(s *server) { _ = s.WriteWindowUpdate(1, 1<<31-1) }, room: 1, sent: []string{"RST_STREAM 1 FLOW_CONTROL_ERROR"},
			events: []string{"a fail after 0: malformed: the server made a stream's window larger than HTTP/2 allows"},
		},
		{
			name: "PRIORITY of a wrong size", peer: func(s *server) { s.raw(http2.FramePriority, 0, 1, "1234") }, room: 1, sent: []string{"RST_STREAM 1 FRAME_SIZE_ERROR"},
			events: []string{"a fail after 0: malformed: the server sent PRIORITY of 4 bytes"},
		},
		{
			name: "the end within a body", ended: io.EOF, room: -1, peer: func(s *server) { s.head(1, false, ok()...).data(1, false, "half") },
			events: []string{"a first", "a head 200 -1", "a fail after 4: closed: the connection ended before the whole response was there"},
		},
		{
			name: "the end within a head", ended: io.EOF, room: -1, peer: func(s *server) { s.head(1, false, ok()...); s.Truncate(s.Len() - 1) },
			events: []string{"a fail after 0: closed: the connection ended before the whole response was there"},
		},
		{
			name: "the end within a frame's header", ended: io.EOF, room: -1, peer: func(s *server) { s.WriteString("\x00\x00\x05\x01") },
			events: []string{"a fail after 0: closed: the connection ended before the whole response was there"},
		},
		{
			name: "another end", ended: errors.New("cable cut"), room: -1, peer: func(*server) {},
			events: []string{"a fail after 0: cable cut"},
		},
	}
}

func badConnectionScripts() []script {
	bareText := func(name, text string) script {
		c := badFrame(name, "PROTOCOL_ERROR", "what the server sent is not HTTP/2: it does not begin with SETTINGS", func(s *server) { s.WriteString(text) })
		c.bare = true
		return c
	}
	frame := func(kind http2.FrameType, flags http2.Flags, id uint32, payload string) func(*server) {
		return func(s *server) { s.raw(kind, flags, id, payload) }
	}
	notOpen := func(name, kind string, peer func(*server)) script {
		return badFrame(name, "PROTOCOL_ERROR", "the server sent a frame (type "+kind+") on a stream that we have not opened", peer)
	}
	size := func(name, what string, peer func(*server)) script {
		return badFrame(name, "FRAME_SIZE_ERROR", "the server sent "+what, peer)
	}
	unpack := func(name, fault, block string) script {
		return badFrame(name, "COMPRESSION_ERROR", "unpack headers: "+fault, frame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, block))
	}
	var list []script
	for kind, name := range map[http2.FrameType]string{
		http2.FrameData: "0", http2.FrameHeaders: "1", http2.FramePriority: "2", http2.FrameRSTStream: "3",
	} {
		list = append(list, badFrame("a stream's frame on none: "+name, "PROTOCOL_ERROR",
			"the server sent a stream's frame (type "+name+") on none", frame(kind, 0, 0, "12345678")))
	}
	for kind, name := range map[http2.FrameType]string{http2.FrameSettings: "4", http2.FramePing: "6", http2.FrameGoAway: "7"} {
		list = append(list, badFrame("a connection's frame on a stream: "+name, "PROTOCOL_ERROR",
			"the server sent a connection's frame (type "+name+") on a stream", frame(kind, 0, 1, "")))
	}
	return append(
		list,
		bareText("not HTTP/2", "HTTP/1.1 400 Bad Request\r\n\r\n"),
		bareText("PING first", "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"),
		bareText("an acknowledgement first", "\x00\x00\x00\x04\x01\x00\x00\x00\x00"),
		size("a frame that is too large", "a frame of 16385 bytes", frame(0x77, 0, 0, string(make([]byte, leastFrame+1)))),
		size("SETTINGS of a wrong size", "SETTINGS of 5 bytes", frame(http2.FrameSettings, 0, 0, "12345")),
		size("an acknowledgement with bytes", "an acknowledgement of SETTINGS with 6 bytes", frame(http2.FrameSettings, 1, 0, "123456")),
		size("PING of a wrong size", "PING of 7 bytes", frame(http2.FramePing, 0, 0, "1234567")),
		size("GOAWAY of a wrong size", "GOAWAY of 7 bytes", frame(http2.FrameGoAway, 0, 0, "1234567")),
		size("RST_STREAM of a wrong size", "RST_STREAM of 5 bytes", frame(http2.FrameRSTStream, 0, 1, "12345")),
		size("WINDOW_UPDATE of a wrong size", "WINDOW_UPDATE of 5 bytes", frame(http2.FrameWindowUpdate, 0, 1, "12345")),
		badFrame("push", "PROTOCOL_ERROR", "the server sent PUSH_PROMISE, which we do not allow", frame(http2.FramePushPromise, 4, 1, "\x00\x00\x00\x02\x82")),
		badFrame("push is switched on", "PROTOCOL_ERROR", "the server sent SETTINGS_ENABLE_PUSH 1", func(s *server) { s.settings(2, 1) }),
		badFrame("window of SETTINGS", "FLOW_CONTROL_ERROR", "the server sent SETTINGS_INITIAL_WINDOW_SIZE 2147483648", func(s *server) { s.settings(4, 1<<31) }),
		badFrame("frames too small", "PROTOCOL_ERROR", "the server sent SETTINGS_MAX_FRAME_SIZE 16383", func(s *server) { s.settings(5, 16383) }),
		badFrame("frames too large", "PROTOCOL_ERROR", "the server sent SETTINGS_MAX_FRAME_SIZE 16777216", func(s *server) { s.settings(5, 1<<24) }),
		badFrame("windows that overflow by SETTINGS", "FLOW_CONTROL_ERROR", "the server made a stream's window larger than HTTP/2 allows", func(s *server) {
			_ = s.WriteWindowUpdate(1, 1<<31-1-firstWindow)
			s.settings(4, firstWindow+1)
		}),
		badFrame("window of nothing", "PROTOCOL_ERROR", "the server sent WINDOW_UPDATE of nothing", func(s *server) { _ = s.WriteWindowUpdate(0, 0) }),
		badFrame("window too large", "FLOW_CONTROL_ERROR", "the server made the connection's window larger than HTTP/2 allows",
			func(s *server) { _ = s.WriteWindowUpdate(0, 1<<31-1) }),
		badFrame("CONTINUATION alone", "PROTOCOL_ERROR", "the server sent CONTINUATION without a head", frame(http2.FrameContinuation, 4, 1, "\x88")),
		badFrame("another stream within a head", "PROTOCOL_ERROR", "the server sent another frame within a head", func(s *server) {
			s.raw(http2.FrameHeaders, 0, 1, "\x88").raw(http2.FrameContinuation, 4, 3, "")
		}),
		badFrame("an unknown frame within a head", "PROTOCOL_ERROR", "the server sent another frame within a head", func(s *server) {
			s.raw(http2.FrameHeaders, 0, 1, "\x88").raw(0x99, 0, 1, "")
		}),
		notOpen("a head on a stream to come", "1", func(s *server) { s.head(3, true, ok()...) }),
		notOpen("a head on a stream of the peer", "1", func(s *server) { s.head(2, true, ok()...) }),
		notOpen("a body on a stream to come", "0", func(s *server) { s.data(7, true, "") }),
		notOpen("RST_STREAM on a stream to come", "3", frame(http2.FrameRSTStream, 0, 3, "\x00\x00\x00\x00")),
		notOpen("WINDOW_UPDATE on a stream to come", "8", func(s *server) { _ = s.WriteWindowUpdate(3, 1) }),
		badFrame("padding larger than HEADERS", "PROTOCOL_ERROR", "the server sent HEADERS that are smaller than their padding", frame(http2.FrameHeaders, 0xc, 1, "\x03\x88\x00")),
		badFrame("HEADERS without room for the priority", "PROTOCOL_ERROR", "the server sent HEADERS that are smaller than their padding", frame(http2.FrameHeaders, 0x24, 1, "\x88")),
		badFrame("padding larger than DATA", "PROTOCOL_ERROR", "the server sent DATA that is smaller than its padding", func(s *server) {
			s.raw(http2.FrameData, http2.FlagDataPadded, 1, "")
		}),
		script{
			name: "padding as large as DATA", fatal: true, room: -1, sent: []string{"GOAWAY PROTOCOL_ERROR"},
			peer: func(s *server) { s.head(1, false, ok()...).raw(http2.FrameData, http2.FlagDataPadded, 1, "\x04abc") },
			events: []string{
				"a first", "a head 200 -1", "a fail after 0: malformed: the server sent DATA that is smaller than its padding",
			},
		},
		unpack("index 0", errIndex.Error(), "\x80"),
		unpack("an index that is not there", errIndex.Error(), "\xbe"),
		unpack("a name that is not there", errIndex.Error(), "\x7f\x00\x00"),
		unpack("a number without an end", errInteger.Error(), "\xff\xff\xff\xff\xff\xff\xff"),
		unpack("a string that is cut short", errString.Error(), "\x40\x05abc"),
		unpack("a string that is badly packed", errString.Error(), "\x40\x84\xff\xff\xff\xff\x00"),
		unpack("a table larger than allowed", errResizing.Error(), "\x3f\xe2\x1f"),
		unpack("a table that is resized too late", errResizing.Error(), "\x88\x20"),
		script{
			name: "a body behind the end", fatal: true, room: -1, sent: []string{"GOAWAY STREAM_CLOSED"},
			messages: []*proto.Message{get("/"), get("/")}, options: Options{MaxStreams: 2},
			peer: func(s *server) { s.head(1, true, ok()...).data(1, true, "") },
			events: []string{
				"a first", "a head 200 0", `a end 0 of ""`,
				"b fail after 0: malformed: the server sent a frame (type 0) on a stream that it has ended",
			},
		},
	)
}
