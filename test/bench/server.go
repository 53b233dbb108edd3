package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"

	"github.com/i-agent/iagent/internal/e2e"
)

// environment is all that the program knows: nothing of ours, and a Twilio that nobody can reach.
func environment(databaseURL, port string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TZ=UTC",
		"DATABASE_URL=" + databaseURL, "HOST=127.0.0.1", "PORT=" + port, "APP_URL=" + publicURL,
		"TWILIO_AUTH_TOKEN=" + authToken, "TWILIO_ACCOUNT_SID=" + accountSid, "TWILIO_PHONE_NUMBER=+15005550006",
		"TWILIO_API_URL=http://127.0.0.1:9", "OPENAI_API_KEY=none", "OPENAI_BASE_URL=http://127.0.0.1:9/v1",
		"ADMIN_TOKEN=bench-admin-token", "LOG_LEVEL=warn",
	}
}

func migrate(ctx context.Context, binary, databaseURL string) error {
	cmd := exec.CommandContext(ctx, binary, "migrate", "up")
	cmd.Env = environment(databaseURL, "0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("iagent migrate up: %w\n%s", err, out)
	}
	return nil
}

// server is a process under load.
type server struct {
	name string
	*e2e.Process
}

// serve starts the program and returns once it is ready.
func serve(ctx context.Context, binary, databaseURL string, settings ...string) (*server, error) {
	return start(ctx, "iagent serve", []string{binary, "serve"}, func(port string) []string { return append(environment(databaseURL, port), settings...) })
}

// start starts a server on a port of its own and returns once it is ready.
func start(ctx context.Context, name string, command []string, environment func(port string) []string) (*server, error) {
	address, err := e2e.FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	s := &server{name, &e2e.Process{Command: command, Env: environment(port), Address: address}}
	if err := s.Start(ctx); err != nil {
		s.Kill()
		return nil, errors.Join(fmt.Errorf("%s is not ready", name), err)
	}
	return s, nil
}
