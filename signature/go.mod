module github.com/i-agent/iagent/signature

go 1.22
