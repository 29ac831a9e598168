package ice

import (
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"github.com/pion/logging"

	"github.com/parleyrtc/webrtc/internal/mux"
)

// A TCPMux is a listening TCP port, or several, that many connections share for
// their passive candidates (RFC 6544): SettingEngine's SetICETCPMux in the root
// package. NewTCPMuxDefault makes one.
//
// A stream belongs to the connection that its first frame, a connectivity check,
// names. What waits for a peer that does not read is bounded, and dropped beyond
// that, as a full socket drops it.
//
// The interface cannot be implemented elsewhere, as UDPMux.
type TCPMux interface {
	io.Closer
	// RemoveConnByUfrag closes the streams of the connection with this local
	// username fragment.
	RemoveConnByUfrag(ufrag string)

	listeners() []*mux.Listener
}

// TCPMuxParams is what NewTCPMuxDefault makes a mux of.
type TCPMuxParams struct {
	// Listener is the listening socket, which belongs to the mux from then on.
	Listener net.Listener
	// Logger gets what is worth a note; nil discards it.
	Logger logging.LeveledLogger
	// ReadBufferSize is there for programs that set it: it counted the packets that
	// wait for a connection, and here none do.
	ReadBufferSize int
	// WriteBufferSize is how many bytes may wait for one peer; 0 means 256 KiB.
	WriteBufferSize int
	// FirstStunBindTimeout is how long a stream may take to send its first check,
	// however slowly it comes; 0 means 30 seconds.
	FirstStunBindTimeout time.Duration
	// AliveDurationForConnFromStun is how long a stream may then take to show, with
	// a check whose integrity is right, that it is the peer's; 0 means 30 seconds.
	AliveDurationForConnFromStun time.Duration
}

// TCPMuxDefault is a TCPMux of one listening socket.
type TCPMuxDefault struct{ listener *mux.Listener } // nil if there is none

// TCPMuxCounters counts what a TCPMux did not take, and what there is.
type TCPMuxCounters = mux.ListenerCounters

var _ TCPMux = (*TCPMuxDefault)(nil)

// NewTCPMuxDefault returns a mux on params.Listener and starts accepting. Without a
// listener it is closed from the beginning.
func NewTCPMuxDefault(params TCPMuxParams) *TCPMuxDefault {
	if params.Listener == nil {
		if params.Logger != nil {
			params.Logger.Error("TCP mux: no listener")
		}
		return &TCPMuxDefault{}
	}
	return &TCPMuxDefault{mux.NewListener(params.Listener, mux.ListenerConfig{
		FirstCheck: params.FirstStunBindTimeout, Confirmation: params.AliveDurationForConnFromStun,
		Backlog: params.WriteBufferSize,
	})}
}

// Close closes the listening socket and every stream.
func (m *TCPMuxDefault) Close() error {
	if m.listener == nil {
		return nil
	}
	return m.listener.Close()
}

// LocalAddr returns the address that the socket listens on, a *net.TCPAddr; nil if
// there is no socket.
func (m *TCPMuxDefault) LocalAddr() net.Addr {
	if m.listener == nil {
		return nil
	}
	return net.TCPAddrFromAddrPort(m.listener.LocalAddr())
}

// RemoveConnByUfrag implements TCPMux.
func (m *TCPMuxDefault) RemoveConnByUfrag(ufrag string) {
	if m.listener != nil {
		m.listener.RemoveUfrag(ufrag)
	}
}

// Counters returns what was not taken since the mux was made.
func (m *TCPMuxDefault) Counters() TCPMuxCounters {
	if m.listener == nil {
		return TCPMuxCounters{}
	}
	return m.listener.Counters()
}

func (m *TCPMuxDefault) listeners() []*mux.Listener {
	if m.listener == nil {
		return nil
	}
	return []*mux.Listener{m.listener}
}

// MultiTCPMuxDefault is a TCPMux of several listening sockets.
type MultiTCPMuxDefault struct{ muxes []TCPMux }

var _ TCPMux = (*MultiTCPMuxDefault)(nil)

// NewMultiTCPMuxDefault joins muxes to one.
func NewMultiTCPMuxDefault(muxes ...TCPMux) *MultiTCPMuxDefault {
	return &MultiTCPMuxDefault{slices.Clone(muxes)}
}

// Close closes all of them.
func (m *MultiTCPMuxDefault) Close() error {
	var errs []error
	for _, one := range m.muxes {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

// RemoveConnByUfrag implements TCPMux.
func (m *MultiTCPMuxDefault) RemoveConnByUfrag(ufrag string) {
	for _, one := range m.muxes {
		one.RemoveConnByUfrag(ufrag)
	}
}

func (m *MultiTCPMuxDefault) listeners() (all []*mux.Listener) {
	for _, one := range m.muxes {
		all = append(all, one.listeners()...)
	}
	return all
}
