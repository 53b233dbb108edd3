package ratelimit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// NewClientIP returns a function that names the client behind a request by its address, without port and zone; an IPv4
// address is in IPv4 form. A peer without an address, as on a Unix socket, is "".
//
// Without trusted networks the client is the peer, as [http.Request.RemoteAddr] has it, and no header is looked at. With
// them, if the peer is in one, the client is the last address in X-Forwarded-For that is in none: everything to its left may
// be invented. A trusted proxy must append to that header, or set it. IPv4 networks must be in IPv4 form.
//
// It fails closed: if the header is missing, unreadable before the client is found, or names trusted addresses only, the
// request counts as the peer's own.
func NewClientIP(trusted []netip.Prefix) func(*http.Request) string {
	trusted = slices.Clone(trusted)
	trusts := func(addr netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
	}
	return func(r *http.Request) string {
		peer, ok := parseHop(r.RemoteAddr)
		if !ok {
			return ""
		}
		if !trusts(peer) {
			return peer.String()
		}
		// Several headers of this name are one list.
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			addr, ok := parseHop(strings.TrimSpace(hop))
			if !ok {
				break
			}
			if !trusts(addr) {
				return addr.String()
			}
		}
		return peer.String()
	}
}

// parseHop reads an address with or without port; some proxies write one.
func parseHop(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}
