package app

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Clients that announce a body and send little of it hold no more than the bound, and whoever sends a whole request is
// answered all the while.
func TestSlowConnectionsMakeRoomForOthers(t *testing.T) {
	const most, slow = 8, 100
	closed := make(chan struct{}, 2*slow)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	server.Config.ConnState = newConnections(most, func() { closed <- struct{}{} }).changed
	server.Start()
	defer server.Close()
	defer server.CloseClientConnections()

	address := strings.TrimPrefix(server.URL, "http://")
	for i := range slow {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\nCallSid=CA%d", i); err != nil {
			t.Fatal(err)
		}
		if i%10 > 0 {
			continue
		}
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
		response, err := client.Post(server.URL, "text/plain", strings.NewReader("whole"))
		if err != nil {
			t.Fatalf("beside %d slow connections: %v", i+1, err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || string(body) != "whole" {
			t.Errorf("answered %q, %v", body, err)
		}
	}
	deadline := time.After(time.Minute)
	for n := range slow - most {
		select {
		case <-closed:
		case <-deadline:
			t.Fatalf("%d connections were closed to make room, want %d", n, slow-most)
		}
	}
}
