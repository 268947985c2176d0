package record

import (
	"time"

	"onrush.dev/onrush/internal/load"
)

// None in a duration of a sample says that there is none: no byte came, no
// connection was opened, nothing was scheduled. Any other negative value says
// the same.
const None time.Duration = -1

// Sample is one request as its engine saw it, ended well or badly.
type Sample struct {
	Label int           // from Recorder.Label
	End   time.Duration // when it ended, since the run's start

	Latency   time.Duration // from the intended start (open model) or the send (closed) to the end
	Service   time.Duration // open model: from the send to the end; closed: None
	FirstByte time.Duration // from the send to the first byte of the response
	Body      time.Duration // from the first byte of the response to its last; None: no byte came
	Lag       time.Duration // open model: begin minus due; closed: None

	// A request that found no connection at hand opened one. Connect is the whole
	// of it, the others its parts; a part that there was not is None.
	Connect time.Duration // address found, TCP open, tunnel of a proxy, TLS done
	DNS     time.Duration // asking for the name's address; None: it was known
	TCP     time.Duration // opening the TCP connection; of QUIC there is none
	TLS     time.Duration // handshake, QUIC's too

	Status    int        // 1 to 999; anything else is no status
	Cause     load.Cause // why it failed; empty when it did not
	BytesIn   int64
	BytesOut  int64
	Redirects int
}

// micros rounds to whole microseconds, the histograms' unit.
func micros(d time.Duration) int64 { return (int64(d) + 500) / 1000 }
