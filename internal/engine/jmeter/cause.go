package jmeter

import (
	"bytes"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// status is a response code where it is one of three digits; JMeter has others
// too.
func status(code []byte) int {
	if n := number(code); n >= 1 && n <= 999 && len(code) <= 3 {
		return int(n)
	}
	return 0
}

// nonHTTP begins the code of a request that got no response; the name of an
// exception follows.
var nonHTTP = []byte("Non HTTP response code: ")

// causeOf says why a sample failed. What was in flight when JMeter was told to
// break off is no fault of the target.
func causeOf(status int, row *[columns][]byte, stopped bool) load.Cause {
	exception, none := bytes.CutPrefix(row[colCode], nonHTTP)
	switch {
	case none && stopped:
		return load.CauseStopped
	case none:
		return exceptionCause(string(exception), strings.ToLower(string(row[colMessage])))
	case status >= 400:
		return load.CauseStatus
	case len(row[colFailure]) > 0:
		return load.CauseCheck
	}
	return load.CauseOther
}

// exceptionCause sorts Java's exceptions by what they mean on the wire.
func exceptionCause(class, message string) load.Cause {
	name := class[strings.LastIndexByte(class, '.')+1:]
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(message, p) {
				return true
			}
		}
		return false
	}
	switch {
	case name == "UnknownHostException":
		return load.CauseDNS
	case strings.Contains(name, "Timeout"), has("timed out"):
		return load.CauseTimeout
	case strings.Contains(name, "Connect") && has("refused"):
		return load.CauseRefused
	case strings.HasPrefix(name, "SSL"), strings.HasPrefix(name, "Cert"), strings.HasPrefix(name, "TLS"):
		return load.CauseTLS
	case has("reset", "broken pipe"):
		return load.CauseReset
	case strings.Contains(name, "Redirect"), has("redirect"):
		return load.CauseRedirect
	case name == "NoHttpResponseException", name == "EOFException", strings.Contains(name, "Closed"), strings.Contains(name, "Truncated"), strings.Contains(name, "MalformedChunk"), has("closed", "premature"):
		return load.CauseClosed
	case name == "ClientProtocolException", name == "ProtocolException", strings.Contains(name, "ParseException"):
		return load.CauseMalformed
	case strings.Contains(name, "Connect"), name == "BindException", name == "NoRouteToHostException", name == "SocketException":
		return load.CauseConnect
	}
	return load.CauseOther
}
