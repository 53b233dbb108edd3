package signature

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// origin is the public base URL taken apart by its bytes, so that what is put
// together again differs from what was configured only where we mean it to:
// no re-encoding, no lower-casing.
type origin struct {
	scheme   string // as configured, without "://"
	userinfo string // with its "@", or empty
	host     string // brackets of an IPv6 address included
	port     string // with its ":", or empty
	path     string // prefix without the last slash
}

// parseOrigin reads an absolute http or https URL. The errors wrap
// ErrInvalidURL and do not repeat the URL, which may hold a password.
func parseOrigin(raw string) (origin, error) {
	if raw == "" {
		return origin{}, fmt.Errorf("%w: empty", ErrInvalidURL)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return origin{}, fmt.Errorf("%w: not a URL", ErrInvalidURL)
	}
	if s := u.Scheme; s != "http" && s != "https" {
		return origin{}, fmt.Errorf("%w: it must begin with https:// or http://", ErrInvalidURL)
	}
	if strings.ContainsAny(raw, "?#") {
		return origin{}, fmt.Errorf("%w: it must have no query and no fragment", ErrInvalidURL)
	}
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || u.Hostname() == "" {
		return origin{}, fmt.Errorf("%w: no host", ErrInvalidURL)
	}
	o := origin{scheme: scheme, host: rest}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		o.host, o.path = rest[:i], strings.TrimRight(rest[i:], "/")
	}
	if i := strings.LastIndexByte(o.host, '@'); i >= 0 {
		o.userinfo, o.host = o.host[:i+1], o.host[i+1:]
	}
	// The port's colon is the one behind the brackets of an IPv6 address.
	if i := strings.LastIndexByte(o.host, ':'); i > strings.LastIndexByte(o.host, ']') {
		o.host, o.port = o.host[:i], o.host[i:]
		if n, err := strconv.ParseUint(o.port[1:], 10, 16); err != nil || n == 0 {
			return origin{}, fmt.Errorf("%w: its port must be a number from 1 to 65535", ErrInvalidURL)
		}
	}
	// Not every Go's net/url refuses this.
	if strings.Contains(o.host, ":") && !strings.HasPrefix(o.host, "[") {
		return origin{}, fmt.Errorf("%w: an IPv6 address needs brackets", ErrInvalidURL)
	}
	return o, nil
}

func (o origin) String() string {
	return o.scheme + "://" + o.userinfo + o.host + o.port + o.path
}

// redacted is the origin as it may be shown.
func (o origin) redacted() string {
	o.userinfo = ""
	return o.String()
}

func (o origin) defaultPort() string {
	if s := strings.ToLower(o.scheme); s == "https" || s == "wss" {
		return ":443"
	}
	return ":80"
}

// webSocket is the same origin as Twilio names it in a WebSocket handshake.
func (o origin) webSocket() origin {
	if strings.EqualFold(o.scheme, "https") {
		o.scheme = "wss"
	} else {
		o.scheme = "ws"
	}
	return o
}

// prefix is what a signed URL may begin with.
type prefix struct {
	variant Variant
	text    []byte
}

// prefixes lists the forms of the origin in the order of their likelihood.
// Twilio's documents say that userinfo is dropped before signing, its SDKs
// keep it; the port is dropped for voice over https and kept elsewhere, and the
// SDKs try both (Twilio: Webhooks security).
func (o origin) prefixes() []prefix {
	list := []prefix{{0, []byte(o.String())}}
	bare := o
	bare.userinfo = ""
	if o.userinfo != "" {
		list = append(list, prefix{NoUserinfo, []byte(bare.String())})
	}
	port := DefaultPort
	if o.port != "" {
		port, o.port, bare.port = NoPort, "", ""
	} else {
		o.port, bare.port = o.defaultPort(), o.defaultPort()
	}
	list = append(list, prefix{port, []byte(o.String())})
	if o.userinfo != "" {
		list = append(list, prefix{port | NoUserinfo, []byte(bare.String())})
	}
	return list
}
