module github.com/i-agent/iagent/inbox

go 1.24

require github.com/i-agent/iagent/signature v0.0.0

replace github.com/i-agent/iagent/signature => ../signature
