package testserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
)

// Proxy is an nginx or a Caddy with a configuration of the test. It listens on
// several ports in a row.
type Proxy struct {
	server
}

// StartNginx starts one nginx with ports listeners and returns once it
// answers. Config makes the server blocks of its http block; they listen on
// 127.0.0.1 and the ports first, first+1 and so on. The caller should Close it.
func StartNginx(ctx context.Context, ports int, config func(first int) string) (*Proxy, error) {
	binary, err := locate(nginx)
	if err != nil {
		return nil, err
	}
	return startProxy(ctx, "nginx", binary, ports, func(p *Proxy, first int) []string {
		return []string{"-p", p.dir, "-e", "stderr", "-c", "proxy.conf", "-g", "daemon off;"}
	}, func(p *Proxy, first int) string {
		temp := ""
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			temp += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(p.dir, kind))
		}
		return "worker_processes 1;\npid " + filepath.Join(p.dir, "pid") + ";\nevents {}\nhttp {\naccess_log off;\n" + temp + config(first) + "}\n"
	})
}

// StartCaddy is StartNginx for Caddy. Config makes the sites of a Caddyfile.
func StartCaddy(ctx context.Context, ports int, config func(first int) string) (*Proxy, error) {
	binary, err := locate(caddy)
	if err != nil {
		return nil, err
	}
	return startProxy(ctx, "caddy", binary, ports, func(*Proxy, int) []string {
		return []string{"run", "--config", "proxy.conf", "--adapter", "caddyfile"}
	}, func(_ *Proxy, first int) string {
		return "{\nadmin off\nauto_https off\n}\n" + config(first)
	})
}

func startProxy(ctx context.Context, name, binary string, ports int, args func(*Proxy, int) []string, config func(*Proxy, int) string) (*Proxy, error) {
	p := &Proxy{}
	p.server = server{
		name: name, binary: binary,
		args: func(port int) []string { return args(p, port) },
		ping: p.ping, gentle: syscall.SIGTERM, hard: syscall.SIGKILL,
	}
	if name == "nginx" {
		p.hard = syscall.SIGTERM // its fast shutdown: killed, it would leave its workers behind
	}
	if err := p.create(); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		p.port = freePorts(ports)
		err := p.writeFile(filepath.Join(p.dir, "proxy.conf"), config(p, p.port))
		if err == nil {
			err = p.Start(ctx)
		}
		if err == nil {
			return p, nil
		}
		// Another program may have taken a port meanwhile.
		if attempt == 3 || ctx.Err() != nil || !strings.Contains(err.Error(), "address already in use") && !strings.Contains(err.Error(), "Address already in use") {
			return nil, errors.Join(err, p.Close())
		}
	}
}

func (p *Proxy) ping(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Addr())
	if err != nil {
		return err
	}
	return conn.Close()
}

// Port is the number i of the proxy's ports, from 0.
func (p *Proxy) Port(i int) int { return p.port + i }

// freePorts are so many free ports in a row, and returns the first.
func freePorts(n int) int {
next:
	for {
		first := freePort()
		for i := range n {
			if !canListen(first + i) {
				continue next
			}
		}
		return first
	}
}
