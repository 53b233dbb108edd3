package proxies

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/i-agent/iagent/internal/testserver"
)

// Proxies are one nginx and one Caddy, with a port for each set-up that needs one.
type Proxies struct {
	nginx, caddy *testserver.Proxy
	upstream     func(app string) string
	ports        map[string]int // by name of the set-up
}

// Start starts both in front of applications, whose host:port upstream returns by their names. The caller closes them.
func Start(ctx context.Context, upstream func(app string) string) (*Proxies, error) {
	p := &Proxies{upstream: upstream, ports: map[string]int{}}
	var of = map[string][]Setup{}
	for _, s := range Setups() {
		if s.Via != "" {
			p.ports[s.Name] = len(of[s.Via])
			of[s.Via] = append(of[s.Via], s)
		}
	}
	var err error
	p.nginx, err = testserver.StartNginx(ctx, len(of["nginx"]), func(first int) string {
		var b strings.Builder
		for i, s := range of["nginx"] {
			config := strings.ReplaceAll(s.Config, "UPSTREAM", upstream(s.App))
			if !strings.Contains(config, "location") {
				config = "location / { " + config + " }"
			}
			fmt.Fprintf(&b, "server {\nlisten 127.0.0.1:%d;\n%s\n}\n", first+i, config)
		}
		return b.String()
	})
	if err != nil {
		return nil, err
	}
	p.caddy, err = testserver.StartCaddy(ctx, len(of["caddy"]), func(first int) string {
		var b strings.Builder
		for i, s := range of["caddy"] {
			fmt.Fprintf(&b, "http://:%d {\nbind 127.0.0.1\n%s\n}\n", first+i, strings.ReplaceAll(s.Config, "UPSTREAM", upstream(s.App)))
		}
		return b.String()
	})
	if err != nil {
		return nil, errors.Join(err, p.nginx.Close())
	}
	return p, nil
}

// Address is where a set-up's request goes: its proxy, or the application.
func (p *Proxies) Address(s Setup) string {
	switch s.Via {
	case "nginx":
		return fmt.Sprintf("127.0.0.1:%d", p.nginx.Port(p.ports[s.Name]))
	case "caddy":
		return fmt.Sprintf("127.0.0.1:%d", p.caddy.Port(p.ports[s.Name]))
	}
	return p.upstream(s.App)
}

// Send sends a set-up's request, and returns the status that Twilio would get.
func (p *Proxies) Send(ctx context.Context, s Setup) (int, error) {
	return s.Sent().Send(ctx, p.Address(s))
}

// Close ends both.
func (p *Proxies) Close() error { return errors.Join(p.nginx.Close(), p.caddy.Close()) }
