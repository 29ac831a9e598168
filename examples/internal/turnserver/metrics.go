package turnserver

import (
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/pion/turn/v5"
)

// metrics are what a server has counted since it began.
type metrics struct {
	relaysOpened, relaysClosed atomic.Uint64
	authOK, authRefused        atomic.Uint64
	quotaRefused, peersRefused atomic.Uint64
	packetsIn, bytesIn         atomic.Uint64 // from peers
	packetsOut, bytesOut       atomic.Uint64 // to peers
}

// Metrics are a server's figures. Those of relays count payloads, without the
// headers of TURN, IP or TLS.
type Metrics struct {
	// Relays are open now, RelaysOpened have been since the start.
	Relays, RelaysOpened uint64
	// Authenticated and Unauthenticated requests; each client's first one is of
	// the latter kind (RFC 8489 §9.2.3.1) and not counted.
	Authenticated, Unauthenticated uint64
	// QuotaRefused relays, PeersRefused permissions.
	QuotaRefused, PeersRefused uint64
	// Relayed from peers to clients, and to peers.
	PacketsFromPeers, BytesFromPeers, PacketsToPeers, BytesToPeers uint64
}

// Metrics returns the figures of now.
func (s *Server) Metrics() Metrics {
	m := &s.metrics
	closed := m.relaysClosed.Load() // before those opened, which are never fewer
	opened := m.relaysOpened.Load()
	return Metrics{
		Relays: opened - closed, RelaysOpened: opened,
		Authenticated: m.authOK.Load(), Unauthenticated: m.authRefused.Load(),
		QuotaRefused: m.quotaRefused.Load(), PeersRefused: m.peersRefused.Load(),
		PacketsFromPeers: m.packetsIn.Load(), BytesFromPeers: m.bytesIn.Load(),
		PacketsToPeers: m.packetsOut.Load(), BytesToPeers: m.bytesOut.Load(),
	}
}

func (m *metrics) events() turn.EventHandler {
	return turn.EventHandler{
		OnAuth: func(_, _ net.Addr, _, _, _, _ string, verdict bool) {
			if verdict {
				m.authOK.Add(1)
			} else {
				m.authRefused.Add(1)
			}
		},
	}
}

// WriteTo writes the figures in the text format that Prometheus reads.
func (m Metrics) WriteTo(w io.Writer) (int64, error) {
	total := int64(0)
	for _, f := range []struct {
		name, kind, help string
		value            uint64
	}{
		{"turn_relays", "gauge", "Relays that are open.", m.Relays},
		{"turn_relays_opened_total", "counter", "Relays that were opened.", m.RelaysOpened},
		{"turn_requests_authenticated_total", "counter", "Requests with a good credential.", m.Authenticated},
		{"turn_requests_unauthenticated_total", "counter", "Requests with a bad credential.", m.Unauthenticated},
		{"turn_relays_refused_total", "counter", "Relays that a quota refused.", m.QuotaRefused},
		{"turn_peers_refused_total", "counter", "Permissions for addresses that are not relayed to.", m.PeersRefused},
		{"turn_packets_from_peers_total", "counter", "Packets relayed to clients.", m.PacketsFromPeers},
		{"turn_bytes_from_peers_total", "counter", "Bytes relayed to clients.", m.BytesFromPeers},
		{"turn_packets_to_peers_total", "counter", "Packets relayed to peers.", m.PacketsToPeers},
		{"turn_bytes_to_peers_total", "counter", "Bytes relayed to peers.", m.BytesToPeers},
	} {
		n, err := fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", f.name, f.help, f.name, f.kind, f.name, f.value)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
