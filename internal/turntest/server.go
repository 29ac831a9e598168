package turntest

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/internal/udp"
)

// Config is how a server behaves.
type Config struct {
	// Username and Password are the one user's; with an empty Username nobody has
	// to authenticate.
	Username, Password string
	// AccessToken and MACKey are what Username stands for where the server takes
	// OAuth tokens alone (RFC 7635); integrity is HMAC-SHA-256 if the key has 32
	// bytes, HMAC-SHA-1 otherwise.
	AccessToken, MACKey []byte
	// Realm is "test" if it is empty.
	Realm string
	// Relays are the server's addresses to relay from, at most one of each IP
	// version.
	Relays []netip.Addr
	// Lifetime is that of allocations; 0 is ten minutes.
	Lifetime time.Duration
	// Passwords makes the server offer password algorithms, by their numbers, and
	// with them MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.11).
	Passwords []uint16
	// Quota bounds the allocations; 0 does not.
	Quota int
	// NonceUses makes a nonce stale after so many requests; 0 never does.
	NonceUses int
	// Refuse, if not nil, may refuse an authenticated request with an error code.
	Refuse func(r Request) (code int)
	// Alternate is where requests are sent on to with 300, if valid, and
	// AlternateDomain the name for its certificate, if not empty.
	Alternate       netip.AddrPort
	AlternateDomain string
	// Unproven leaves the integrity off error responses.
	Unproven bool
}

// A Request is what Config.Refuse decides on and Server.Requests records.
type Request struct {
	// Method is "Allocate", "Refresh", "CreatePermission", "ChannelBind" or
	// "Binding".
	Method string
	// Lifetime is the value of LIFETIME, −1 without.
	Lifetime time.Duration
	// Peer is the value of XOR-PEER-ADDRESS, if there is one.
	Peer netip.AddrPort
	// At is when it came.
	At time.Time
}

// A Server is a TURN server.
type Server struct {
	cfg     Config
	network udp.Network
	conn    udp.Conn // nil for a server of streams alone
	tasks   sync.WaitGroup

	mu          sync.Mutex // guards what follows
	closed      bool
	allocations map[client]*allocation
	streams     map[stream]struct{}
	requests    []Request
	nonce       int
	nonceUses   int
	sent, data  Traffic
	dead        bool
}

// Traffic counts packets.
type Traffic struct{ Indications, ChannelData int }

// A client is one 5-tuple.
type client struct {
	from netip.AddrPort
	s    stream // nil for UDP
	// packets: s carries messages, which are not padded.
	packets bool
}

// Listen starts a server on a UDP address of a network.
func Listen(network udp.Network, address netip.AddrPort, cfg Config) (*Server, error) {
	s := New(network, cfg)
	conn, err := network.ListenUDP(address)
	if err != nil {
		return nil, err
	}
	s.conn = conn
	s.tasks.Go(s.serve)
	return s, nil
}

// New returns a server that serves the streams given to ServeStream.
func New(network udp.Network, cfg Config) *Server {
	if cfg.Realm == "" {
		cfg.Realm = "test"
	}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 10 * time.Minute
	}
	return &Server{cfg: cfg, network: network, allocations: map[client]*allocation{}, streams: map[stream]struct{}{}}
}

func (s *Server) serve() {
	batch := []udp.Datagram{{Buf: make([]byte, udp.MaxJoined)}}
	for {
		if _, err := s.conn.ReadBatch(batch); err != nil {
			return
		}
		d := batch[0]
		size := d.SegmentSize
		if size == 0 {
			size = max(d.N, 1)
		}
		for b := d.Buf[:d.N]; len(b) > 0; {
			n := min(size, len(b))
			s.handle(client{from: d.Addr}, slices.Clone(b[:n]))
			b = b[n:]
		}
	}
}

// reply sends a message to a client.
func (s *Server) reply(to client, p []byte) {
	if to.s != nil {
		_, _ = to.s.Write(p)
		return
	}
	_, _ = s.conn.WriteBatch([]udp.Datagram{{Buf: p, N: len(p), Addr: to.from}})
}

// Allocations returns how many are alive.
func (s *Server) Allocations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.allocations {
		if time.Now().Before(a.expires) {
			n++
		}
	}
	return n
}

// Requests returns the authenticated requests so far, Binding requests included.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Sent and Data count the packets that clients have sent to peers and that peers
// have sent to clients.
func (s *Server) Sent() Traffic { s.mu.Lock(); defer s.mu.Unlock(); return s.sent }

// Data counts the packets that peers have sent to clients.
func (s *Server) Data() Traffic { s.mu.Lock(); defer s.mu.Unlock(); return s.data }

// Forget drops all allocations, as a server that is restarted.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.allocations {
		s.drop(c)
	}
}

// Silence makes the server drop whatever comes, or heed it again.
func (s *Server) Silence(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = silent
}

func (s *Server) drop(c client) {
	if a := s.allocations[c]; a != nil {
		delete(s.allocations, c)
		for _, conn := range a.relays {
			_ = conn.Close()
		}
	}
}

// Close ends the server.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for c := range s.allocations {
		s.drop(c)
	}
	for st := range s.streams {
		_ = st.Close()
	}
	s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.tasks.Wait()
}
