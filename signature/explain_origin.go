package signature

import (
	"net"
	"slices"
	"strings"
)

// Ports on which proxies, tunnels and development servers listen.
var (
	commonPorts = []string{":443", ":80", ":8443", ":8080", ":3000", ":8000"}
	rarePorts   = []string{":5000", ":8081", ":8888", ":3001", ":4000", ":4443", ":5001", ":5173", ":7071", ":8001", ":8008", ":8090", ":8880", ":9000", ":9443", ":10000", ":10443"}
)

// change is one thing that may be different in an origin.
type change struct {
	weight int
	apply  func(*origin)
	cause  Cause
}

// originOptions lists what the signed URL may begin with: the configured
// origin, and with one or two things changed. Its path is among the paths.
func originOptions(v *Verifier, req Request, h *hints) []option {
	configured := v.origin
	configured.path = ""
	if req.WebSocket {
		configured = configured.webSocket()
	}
	var list options
	add := func(o origin, weight int, tolerated bool, causes ...Cause) {
		forms := o.prefixes()
		if !tolerated && o.port == "" {
			forms = forms[:1]
		}
		for _, p := range forms {
			list.add(option{text: string(p.text), weight: weight, causes: causes, origin: o})
		}
	}
	add(configured, 0, true)
	parts := [][]change{schemeChanges(v, req, configured, h), hostChanges(configured, h), portChanges(configured, h), userinfoChanges(configured, h)}
	for i, part := range parts {
		for _, a := range part {
			o := configured
			a.apply(&o)
			add(o, a.weight, true, a.cause)
			for _, others := range parts[i+1:] {
				for _, b := range others {
					if a.weight+b.weight > maxWeight {
						continue
					}
					both := o
					b.apply(&both)
					add(both, a.weight+b.weight, false, a.cause, b.cause)
				}
			}
		}
	}
	for _, o := range h.whole {
		if req.WebSocket {
			o = o.webSocket()
		}
		o.path, o.userinfo = "", ""
		add(o, common, true, differences(configured, o)...)
	}
	for _, o := range h.hosts {
		o.scheme = otherScheme(configured.scheme)
		if o.host != configured.host {
			add(o, rare, false, differences(configured, o)...)
		}
	}
	return list.sorted()
}

// differences are the causes of an origin that is known as a whole, however many.
func differences(configured, o origin) []Cause {
	var causes []Cause
	if !strings.EqualFold(o.scheme, configured.scheme) {
		causes = append(causes, schemeCause(configured.scheme, o.scheme))
	}
	switch {
	case o.host != configured.host:
		causes = append(causes, hostCause("signed for the host "+o.host+o.port+", but the configured one is "+configured.host))
	case o.port != configured.port && o.port != "":
		causes = append(causes, portCause(o.port))
	}
	if len(causes) == 0 {
		causes = append(causes, hostCause("signed for "+o.redacted()))
	}
	return causes
}

func hostCause(text string) Cause {
	return Cause{Kind: CauseHost, Text: text, Cure: setURL + ", or give Twilio the configured one"}
}

func portCause(port string) Cause {
	return Cause{Kind: CausePort, Text: "signed with the port " + port[1:] + ", which the configured URL does not have", Cure: setURL + ", or give Twilio the URL without the port"}
}

func schemeCause(configured, other string) Cause {
	if strings.EqualFold(other, "http") || strings.EqualFold(other, "ws") {
		return Cause{Kind: CauseScheme, Text: "signed for " + other + "://, but the configured URL is " + configured + "://: Twilio is given the URL without TLS",
			Cure: "give Twilio the " + configured + " URL, or " + setURL}
	}
	return Cause{Kind: CauseScheme, Text: "signed for " + other + "://, but the configured URL is " + configured + "://: TLS ends at a proxy in front of this server", Cure: setURL}
}

func schemeChanges(v *Verifier, req Request, configured origin, h *hints) []change {
	other := otherScheme(configured.scheme)
	list := []change{{common, func(o *origin) { o.scheme = other }, schemeCause(configured.scheme, other)}}
	if req.WebSocket {
		return append(list, change{common, func(o *origin) { o.scheme = v.origin.scheme }, Cause{Kind: CauseWebSocket,
			Text: "signed for the " + v.origin.scheme + " URL: this is no WebSocket handshake of Twilio's", Cure: "give Twilio the URL as a webhook or as a stream, not as both"}})
	}
	ws := v.origin.webSocket().scheme
	return append(list, change{common, func(o *origin) { o.scheme = ws }, Cause{Kind: CauseWebSocket,
		Text: "signed for the WebSocket URL (" + ws + "://): the Upgrade header was lost",
		Cure: "let the proxy pass Upgrade and Connection on (nginx: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade)"}})
}

func hostChanges(configured origin, h *hints) []change {
	var list []change
	add := func(weight int, host, port, text string) {
		if host == configured.host || slices.ContainsFunc(list, func(c change) bool { o := configured; c.apply(&o); return o.host == host && o.port == port }) {
			return
		}
		list = append(list, change{weight, func(o *origin) { o.host, o.port = host, port }, hostCause(text)})
	}
	for _, o := range h.hosts {
		text := "signed for the host " + o.host + o.port + ", but the configured one is " + configured.host
		add(common, o.host, o.port, text)
		add(common, o.host, configured.port, text)
		add(common, o.host, "", text)
	}
	lower := strings.ToLower(configured.host)
	add(rare, lower, configured.port, "signed with the host in lower case")
	if without, ok := strings.CutPrefix(lower, "www."); ok {
		add(rare, without, configured.port, "signed for the host without www.")
	} else if !loopback(lower) {
		add(rare, "www."+lower, configured.port, "signed for the host with www.")
	}
	// The same domain, another name in it.
	if first, domain, ok := strings.Cut(lower, "."); ok && net.ParseIP(strings.Trim(lower, "[]")) == nil {
		domains := []string{lower}
		if strings.Contains(domain, ".") {
			domains = append(domains, domain)
			add(alone, domain, configured.port, "signed for the host "+domain+", but the configured one is "+configured.host)
		}
		for _, label := range hostLabels {
			for _, of := range domains {
				if label != first {
					add(alone, label+"."+of, configured.port, "signed for the host "+label+"."+of+", but the configured one is "+configured.host)
				}
			}
		}
	}
	if loopback(lower) {
		for _, name := range []string{"localhost", "127.0.0.1", "[::1]"} {
			add(rare, name, configured.port, "signed for "+name+", another name of this machine")
		}
	}
	return list
}

func portChanges(configured origin, h *hints) []change {
	var list []change
	add := func(weight int, port string) {
		if port == configured.port {
			return
		}
		list = append(list, change{weight, func(o *origin) { o.port = port }, portCause(port)})
	}
	for _, port := range h.ports {
		add(common, port)
	}
	for _, port := range commonPorts {
		add(common, port)
	}
	for _, port := range rarePorts {
		add(rare, port)
	}
	if configured.port != "" {
		list = append(list, change{common, func(o *origin) { o.port = "" }, Cause{Kind: CausePort, Text: "signed without the configured port " + configured.port[1:], Cure: setURL}})
	}
	return list
}

func userinfoChanges(configured origin, h *hints) []change {
	var list []change
	for _, userinfo := range h.userinfos {
		if userinfo != configured.userinfo {
			list = append(list, change{common, func(o *origin) { o.userinfo = userinfo }, Cause{Kind: CauseUserinfo,
				Text: "signed with the user name and password of the URL, which the configured URL does not have",
				Cure: "put USER:PASSWORD@ into the public base URL as at Twilio"}})
		}
	}
	return list
}

func otherScheme(scheme string) string {
	switch strings.ToLower(scheme) {
	case "http":
		return "https"
	case "https":
		return "http"
	case "ws":
		return "wss"
	}
	return "ws"
}
