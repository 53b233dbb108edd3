package main

import (
	"context"
	_ "embed" // for the files of the peer
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// expressName is Express with Twilio's middleware and pg: one process, one transaction for each webhook.
const expressName = "Express, official SDK, pg"

var (
	//go:embed peers/package.json
	expressPackage []byte
	//go:embed peers/package-lock.json
	expressLock []byte
	//go:embed peers/express.js
	expressProgram []byte
)

// errNoNode says what Express needs, by name.
var errNoNode = errors.New("node and npm are not on the PATH (Debian: apt-get install nodejs npm)")

// installExpress puts the peer and its pinned packages into a temporary folder, which remove removes.
func installExpress(ctx context.Context) (folder string, remove func(), err error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", nil, errNoNode
		}
	}
	if folder, err = os.MkdirTemp("", "iagent-express-"); err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(folder) }
	for name, content := range map[string][]byte{"package.json": expressPackage, "package-lock.json": expressLock, "express.js": expressProgram} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			remove()
			return "", nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return folder, remove, nil
}

// serveExpress starts it and returns once it is ready.
func serveExpress(ctx context.Context, folder string, o options, databaseURL string) (*server, error) {
	public, err := url.Parse(publicURL)
	if err != nil {
		return nil, err
	}
	return start(ctx, expressName, []string{"node", filepath.Join(folder, "express.js")}, func(port string) []string {
		return []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC", "NODE_ENV=production", "DATABASE_URL=" + databaseURL, "PORT=" + port,
			"CONNECTIONS=" + strconv.Itoa(o.connections), "AUTH_TOKEN=" + authToken, "PUBLIC_HOST=" + public.Host}
	})
}
