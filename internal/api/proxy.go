package api

import (
	"net/http"
	"net/netip"
	"strings"

	"onrush.dev/onrush/internal/auth"
)

// forwarded lets the requests that trusted proxies hand on look as their
// callers sent them: from the caller's address, over TLS or not. Without it
// everybody behind one proxy shares one address, and with it the throttle of
// logins. What anybody else says in these headers is not believed.
func forwarded(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	trusted := func(address netip.Addr) bool {
		for _, proxy := range proxies {
			if proxy.Contains(address) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !trusted(peer.Addr().Unmap()) {
			next.ServeHTTP(w, r)
			return
		}
		if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
			r = auth.BehindTLS(r)
		}
		if from, ok := caughtBy(trusted, r.Header.Values("X-Forwarded-For")); ok {
			r = r.WithContext(r.Context()) // a copy: the server's own stays as it came
			r.RemoteAddr = netip.AddrPortFrom(from, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// caughtBy is the address that the outermost trusted proxy saw. Every proxy
// appends whom it heard from, so the list is read from its end; what stands
// before the first stranger, the stranger may have made up.
func caughtBy(trusted func(netip.Addr) bool, headers []string) (from netip.Addr, ok bool) {
	list := strings.Split(strings.Join(headers, ","), ",")
	for i := len(list) - 1; i >= 0; i-- {
		address, err := netip.ParseAddr(strings.TrimSpace(list[i]))
		if err != nil {
			break
		}
		from, ok = address.Unmap(), true
		if !trusted(from) {
			break
		}
	}
	return from, ok
}
