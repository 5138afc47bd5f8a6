package wire

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/headstart-nb/headstart/internal/atomicfile"
)

// A ConnectionInfo is the content of a connection file: where a kernel's sockets are and how messages are signed.
type ConnectionInfo struct {
	Transport       string `json:"transport"` // tcp or ipc
	IP              string `json:"ip"`        // for ipc: the path that the sockets' files begin with
	ShellPort       int    `json:"shell_port"`
	IOPubPort       int    `json:"iopub_port"`
	StdinPort       int    `json:"stdin_port"`
	ControlPort     int    `json:"control_port"`
	HBPort          int    `json:"hb_port"`
	SignatureScheme string `json:"signature_scheme"`
	Key             string `json:"key"`
	KernelName      string `json:"kernel_name,omitempty"`
}

// ReadConnection reads a connection file.
func ReadConnection(file string) (ConnectionInfo, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return ConnectionInfo{}, fmt.Errorf("read the connection file: %w; Jupyter writes it and passes its name as --connection-file", err)
	}
	var info ConnectionInfo
	if err := json.Unmarshal(data, &info); err != nil {
		return ConnectionInfo{}, fmt.Errorf("read the connection file %s: it is not the JSON that Jupyter writes: %w", file, err)
	}
	if info.Transport == "" {
		info.Transport = "tcp"
	}
	return info, nil
}

// Write writes the connection file for the user alone (mode 0600). A reader never sees half of it.
func (c ConnectionInfo) Write(file string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write the connection file %s: %w", file, err)
	}
	return atomicfile.Write(file, data)
}

// Port returns the port number of a channel.
func (c ConnectionInfo) Port(channel Channel) int {
	switch channel {
	case Shell:
		return c.ShellPort
	case Control:
		return c.ControlPort
	case Stdin:
		return c.StdinPort
	case IOPub:
		return c.IOPubPort
	default:
		return c.HBPort
	}
}

// SetPort sets the port number of a channel.
func (c *ConnectionInfo) SetPort(channel Channel, port int) {
	switch channel {
	case Shell:
		c.ShellPort = port
	case Control:
		c.ControlPort = port
	case Stdin:
		c.StdinPort = port
	case IOPub:
		c.IOPubPort = port
	default:
		c.HBPort = port
	}
}

// Address returns the network and the address of a channel as package net takes them.
func (c ConnectionInfo) Address(channel Channel) (network, address string, err error) {
	port := strconv.Itoa(c.Port(channel))
	switch c.Transport {
	case "tcp", "":
		return "tcp", net.JoinHostPort(c.IP, port), nil
	case "ipc":
		return "unix", c.IP + "-" + port, nil
	}
	return "", "", fmt.Errorf("find the address of the %s channel: the transport %q is unknown, use tcp or ipc", channel, c.Transport)
}
