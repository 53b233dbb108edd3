package signature

import (
	"encoding/base64"
	"net"
	"slices"
	"strings"
)

// hints are the suspects taken apart.
type hints struct {
	whole     []origin // of URLs that were given as such
	hosts     []origin // host and port
	schemes   []string
	ports     []string // with the colon
	userinfos []string // with the "@"
	prefixes  []string // paths that may stand before the received one
	paths     []string // whole paths
	queries   []string // with the "?"
	fragments []string // with the "#"
}

func hintsOf(s Suspects) *hints {
	h := &hints{}
	for _, raw := range s.URLs[:min(len(s.URLs), maxSuspects)] {
		h.addURL(raw)
	}
	h.addHeader(s)
	return h
}

// addURL takes a base URL, a whole URL, or a path with or without a query.
func (h *hints) addURL(raw string) {
	if len(raw) > maxTarget {
		return
	}
	rest, fragment, found := strings.Cut(raw, "#")
	if found {
		note(&h.fragments, "#"+fragment)
	}
	rest, query, found := strings.Cut(rest, "?")
	if found {
		note(&h.queries, "?"+query)
	}
	path := rest
	if !strings.HasPrefix(rest, "/") {
		o, err := parseOrigin(rest)
		if err != nil {
			return
		}
		h.whole = append(h.whole, o)
		note(&h.schemes, strings.ToLower(o.scheme))
		note(&h.ports, o.port)
		note(&h.userinfos, o.userinfo)
		h.addHost(o)
		path = ""
		if i := strings.IndexByte(rest[len(o.scheme)+3:], '/'); i >= 0 {
			path = rest[len(o.scheme)+3+i:]
		}
	}
	h.addPath(path)
}

func (h *hints) addPath(path string) {
	note(&h.prefixes, strings.TrimRight(path, "/"))
	note(&h.paths, path)
}

func (h *hints) addHost(o origin) {
	o = origin{host: o.host, port: o.port}
	if o.host != "" && len(h.hosts) < maxSuspects && !slices.Contains(h.hosts, o) {
		h.hosts = append(h.hosts, o)
	}
}

// addHeader takes what proxies say of the request that they got. Each of these may be written by a stranger.
func (h *hints) addHeader(s Suspects) {
	forwarded := func(name, value string) {
		value = strings.Trim(value, `"`)
		switch name {
		case "host":
			if !strings.ContainsAny(value, "/?#@ ") {
				if o, err := parseOrigin("https://" + value); err == nil {
					h.addHost(o)
					note(&h.ports, o.port)
				}
			}
		case "proto":
			note(&h.schemes, value)
		case "port":
			if o, err := parseOrigin("https://h:" + value); err == nil {
				note(&h.ports, o.port)
			}
		case "prefix":
			h.addPath("/" + strings.Trim(value, "/"))
		case "uri":
			h.addURL(value)
		}
	}
	for header, name := range map[string]string{
		"Host": "host", "X-Forwarded-Host": "host", "X-Original-Host": "host", "X-Forwarded-Server": "host",
		"X-Forwarded-Proto": "proto", "X-Forwarded-Scheme": "proto", "X-Forwarded-Port": "port", "X-Forwarded-Prefix": "prefix", "X-Script-Name": "prefix",
		"X-Original-Uri": "uri", "X-Original-Url": "uri", "X-Rewrite-Url": "uri", "X-Forwarded-Uri": "uri", "X-Forwarded-Path": "uri",
		"X-Envoy-Original-Path": "uri", "X-Replaced-Path": "uri", "X-Request-Uri": "uri",
	} {
		values := s.Header.Values(header)
		if name != "uri" {
			values = headerValues(s.Header, header)
		}
		for _, value := range values[:min(len(values), 4)] {
			forwarded(name, value)
		}
	}
	for _, element := range headerValues(s.Header, "Forwarded") {
		for _, pair := range strings.Split(element, ";") {
			if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
				forwarded(strings.ToLower(name), value)
			}
		}
	}
	if encoded, ok := strings.CutPrefix(s.Header.Get("Authorization"), "Basic "); ok {
		if decoded, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			note(&h.userinfos, string(decoded)+"@")
		}
	}
}

// note adds what is not there yet. There are few, since each multiplies the work.
func note(list *[]string, value string) {
	if value != "" && value != "/" && len(*list) < maxSuspects && !slices.Contains(*list, value) {
		*list = append(*list, value)
	}
}

// loopback tells names of the machine itself.
func loopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
