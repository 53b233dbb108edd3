package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// CheckReady asks the server at HOST and PORT of this machine whether it is ready. The error says what it answered, or why it did
// not. It needs no other setting.
func CheckReady(ctx context.Context, config Config) error {
	host := config.Host
	if addr := net.ParseIP(host); host == "" || addr != nil && addr.IsUnspecified() {
		host = "127.0.0.1" // a server that listens on all addresses listens on this one
		if addr != nil && addr.To4() == nil {
			host = "::1"
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := "http://" + net.JoinHostPort(host, config.Port) + "/readyz"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return &ConfigError{Faults: []string{"HOST, PORT: " + err.Error()}}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("asking the server: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	var said struct{ Error string }
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
	_ = json.Unmarshal(text, &said) // another server may say anything
	return fmt.Errorf("%s is not ready: %s %s", url, answer.Status, said.Error)
}
