//go:build !linux || udpplain

package udp

// interfaces lists the host's interfaces.
func interfaces() ([]Interface, error) { return listInterfaces() }
