package httpload

import (
	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// quic opens a connection of HTTP/3.
func (o *opening) quic() {
	o.fail(proto.Failf(load.CauseConnect, "HTTP/3 is not there"))
}
