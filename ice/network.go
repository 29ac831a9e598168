package ice

import "github.com/parleyrtc/webrtc/internal/udp"

// Network is what the gatherer asks of the host's network: its interfaces,
// sockets, multicast and name resolution. SystemNetwork is the real one; a
// program gives another to run on a virtual network or to wrap the sockets.
type Network = udp.Network

// NetworkInterface is a network interface as it was when it was listed: name,
// index, MTU, flags and addresses with their prefix lengths.
type NetworkInterface = udp.Interface

// PacketConn is a bound UDP socket that reads and writes in batches.
type PacketConn = udp.Conn

// Datagram is one entry of such a batch: a buffer that the caller lends, how
// much of it counts, and the remote address.
type Datagram = udp.Datagram

// SystemNetwork returns the network of the host.
func SystemNetwork() Network { return udp.System() }
