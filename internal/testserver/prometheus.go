package testserver

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

var prometheusServer = program{
	name: "Prometheus",
	find: findPrometheus,
	packages: map[string][]string{
		"apt-get": {"prometheus"},
		"dnf":     {"golang-github-prometheus", "prometheus"},
		"apk":     {"prometheus"},
		"brew":    {"prometheus"},
	},
}

// findPrometheus returns the folder with prometheus and promtool.
func findPrometheus() (string, bool) {
	path, err := exec.LookPath("promtool")
	if err != nil {
		return "", false
	}
	dir := filepath.Dir(path)
	return dir, isExecutable(filepath.Join(dir, "prometheus"))
}

// Prometheus returns the paths of the programs prometheus and promtool. The error says how to get what is missing.
func Prometheus() (prometheus, promtool string, err error) {
	dir, err := locate(prometheusServer)
	if err != nil {
		return "", "", fmt.Errorf("testing alerts and dashboards: %w", err)
	}
	return filepath.Join(dir, "prometheus"), filepath.Join(dir, "promtool"), nil
}
