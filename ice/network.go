package ice

import "github.com/parleyrtc/webrtc/internal/udp"

// Network is what the gatherer asks of the host's network: its interfaces,
// sockets, multicast and name resolution. SystemNetwork is the real one; a
// program gives another to run on a virtual network or to wrap the sockets.
type Network = udp.Network

// NetworkWatcher is a Network that tells when its interfaces change, as SystemNetwork
// does. Whoever wraps one in a type of its own has to pass the method on, or continual
// gathering (GathererConfig.Continual) learns of changes only by Gatherer.Rescan.
type NetworkWatcher = udp.Watcher

// NetworkInterface is a network interface as it was when it was listed: name,
// index, MTU, flags and addresses with their prefix lengths.
type NetworkInterface = udp.Interface

// PacketConn is a bound UDP socket that reads and writes in batches.
type PacketConn = udp.Conn

// Datagram is one entry of such a batch: a buffer, how much of it counts, and
// the remote address.
type Datagram = udp.Datagram

// LendBuffers gives the entries of a batch without buffers one each, as
// PacketConn's ReadBatch must before it fills them: sockets that only wrap
// another's leave it to that. It does nothing to a batch with buffers of its own.
func LendBuffers(batch []Datagram) { udp.Lend(batch) }

// SystemNetwork returns the network of the host.
func SystemNetwork() Network { return udp.System() }
