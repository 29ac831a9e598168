package ice

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// DefaultMaxPairs is the limit of RFC 8445 §6.1.2.5 on the pairs of a checklist.
const DefaultMaxPairs = 100

// maxRemotes bounds the peer's candidates of one generation; the worst go first.
const maxRemotes = 128

// AgentConfig is what an Agent is made of. The zero value is a controlled agent
// with random credentials and the clocks of the RFCs.
type AgentConfig struct {
	// Controlling is the initial role (RFC 8445 §6.1.1).
	Controlling bool
	// TieBreaker decides role conflicts (RFC 8445 §7.3.1.1); 0 draws one.
	TieBreaker uint64
	// LocalUfrag and LocalPwd are the first credentials; both empty draws them.
	LocalUfrag, LocalPwd string
	// Lite makes an agent that only answers checks (RFC 8445 §2.5). It is
	// controlled by a full peer; its own address must be reachable without.
	Lite bool
	// Flights carries the packets of the DTLS handshake in checks and their answers
	// until a pair is valid (draft-hancke-webrtc-sped-00); see Agent.SendFlight. A peer
	// that does not know it gets none.
	Flights bool
	// Timing holds the clocks.
	Timing Timing
	// MaxPairs bounds a checklist (RFC 8445 §6.1.2.5); 0 means DefaultMaxPairs.
	MaxPairs int
	// NominationAttribute is the type of the attribute that carries the value of a
	// nomination; 0 means DefaultNominationAttribute. Types below 0x8000, which peers
	// that do not know them would refuse, are not used.
	NominationAttribute uint16
	// NominationValue returns the value of the next nomination; nil counts from 1.
	// What is not above the last value is replaced by the next number.
	NominationValue func() uint32
	// Renominate has nominations carry values whatever the peer has announced, see
	// SetRemoteRenomination.
	Renominate bool
	// BetterInterval is how often a controlling agent checks the pairs again that
	// would be better than the nominated one and have failed; 0 means never.
	BetterInterval time.Duration
	// BindingRequest, if not nil, sees the peer's checks and may choose the pair, see
	// BindingRequestHandler.
	BindingRequest BindingRequestHandler
	// Rand is where transaction ids, tie-breakers, credentials and the jitter of
	// consent come from; nil means crypto/rand. It must never fail.
	Rand io.Reader
	// Logger gets what happens at debug level, a pair in use that stops answering
	// at info level, and at warning level that there is no path; nil means that
	// nothing is logged.
	Logger *slog.Logger
}

// An Agent is one ICE agent with one component (RFC 8445): a state machine
// without sockets, clocks or goroutines, owned by one goroutine. Every call
// that takes now may produce events; drain Poll afterwards, then ask
// NextTimeout when to call HandleTimeout. now must never go back.
type Agent struct {
	timing   Timing
	maxPairs int
	rand     io.Reader
	log      *slog.Logger
	sees     BindingRequestHandler

	lite, remoteLite bool

	renominating
	strangers strangers

	controlling bool
	tieBreaker  uint64
	state       ConnectionState
	closed      bool

	// lists holds the generations, the oldest first: retired ones that still
	// answer checks, those whose pair is in use or may come back by a rollback,
	// and last the current one.
	lists []*checklist
	// selected is the pair that carries packets.
	selected *pair
	consent  consent

	// transactions holds the requests without a response, in order of sending.
	transactions []*transaction
	freed        []*transaction
	// paced is when the next check may start (RFC 8445 §6.1.4).
	paced time.Time

	packets  packetQueue
	flights  flights
	events   []Event
	counters Counters
	errors   errorBudget
	nextID   uint64

	// seen is a ring of the last requests, against replays.
	seen     []seenRequest
	seenNext int

	in, out stun.Message // scratch, for what is read and what is written
	read    binding
	scratch [8]byte
}

// NewAgent returns an agent in state New.
func NewAgent(config AgentConfig) *Agent {
	a := &Agent{
		timing: config.Timing.withDefaults(), maxPairs: config.MaxPairs, rand: config.Rand, log: config.Logger,
		sees: config.BindingRequest, flights: flights{carrying: config.Flights},
		lite: config.Lite, controlling: config.Controlling, tieBreaker: config.TieBreaker, state: ConnectionStateNew,
	}
	a.renominating.configure(config)
	a.read.nominationType = a.nominationType
	if a.maxPairs <= 0 {
		a.maxPairs = DefaultMaxPairs
	}
	if a.rand == nil {
		a.rand = rand.Reader
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.tieBreaker == 0 {
		a.tieBreaker = a.random()
	}
	ufrag, pwd := config.LocalUfrag, config.LocalPwd
	drawn := ufrag == "" && pwd == ""
	if drawn {
		var err error
		if ufrag, pwd, err = NewCredentials(a.rand); err != nil {
			panic(err) // the contract of AgentConfig.Rand
		}
	}
	a.lists = []*checklist{newChecklist(ufrag, pwd)}
	a.lists[0].drawn = drawn
	return a
}

// random draws 64 bits.
func (a *Agent) random() uint64 {
	a.fill(a.scratch[:])
	return binary.BigEndian.Uint64(a.scratch[:])
}

func (a *Agent) fill(b []byte) {
	if _, err := io.ReadFull(a.rand, b); err != nil {
		panic(fmt.Errorf("ice: the random source failed: %w", err))
	}
}

// current is the newest generation.
func (a *Agent) current() *checklist { return a.lists[len(a.lists)-1] }

// checked is the newest generation whose credentials are known on both sides:
// the one that is being checked. It is nil at first.
func (a *Agent) checked() *checklist {
	for _, l := range slices.Backward(a.lists) {
		if l.confirmed() {
			return l
		}
	}
	return nil
}

// State returns the connection state.
func (a *Agent) State() ConnectionState { return a.state }

// Controlling says whether the agent has the controlling role.
func (a *Agent) Controlling() bool { return a.controlling }

// LocalCredentials returns those of the current generation.
func (a *Agent) LocalCredentials() (ufrag, pwd string) {
	l := a.current()
	return l.localUfrag, l.localPwd
}

// RemoteCredentials returns the peer's of the current generation, empty before
// they are known.
func (a *Agent) RemoteCredentials() (ufrag, pwd string) {
	l := a.current()
	return l.remoteUfrag, l.remotePwd
}

// SelectedPair returns the pair that packets are to be sent on.
func (a *Agent) SelectedPair() (Pair, bool) { return a.selected.snapshot(), a.selected != nil }

// SetControlling sets the role, as the description exchange decides it
// (RFC 8445 §6.1.1). A conflict with the peer repairs itself.
func (a *Agent) SetControlling(now time.Time, controlling bool) {
	if a.closed || a.controlling == controlling {
		return
	}
	a.setRole(controlling)
	a.update(now)
}

// setRole changes the role; the priorities of pairs, which depend on it, are
// computed anew (RFC 8445 §7.2.5.1).
func (a *Agent) setRole(controlling bool) {
	a.controlling = controlling
	for _, l := range a.lists {
		for _, p := range l.pairs {
			p.prioritise(controlling)
			p.nominating, p.nominateOnSuccess = false, false
		}
		l.sort()
	}
}

// Close ends the agent: nothing is sent or answered any more.
func (a *Agent) Close(now time.Time) {
	if a.closed {
		return
	}
	a.closed = true
	a.transactions, a.freed = nil, nil
	for _, l := range a.lists {
		l.triggered, l.early = nil, nil
	}
	a.consent = consent{}
	a.selected = nil
	a.update(now)
}

// Poll returns the next datagram to send or event to report, and false when
// there is none.
func (a *Agent) Poll() (Event, bool) {
	if t, ok := a.packets.pop(); ok {
		return t, true
	}
	if len(a.events) == 0 {
		return nil, false
	}
	e := a.events[0]
	a.events = slices.Delete(a.events, 0, 1)
	return e, true
}

// PollTransmit is Poll for the datagrams alone; it does not allocate.
func (a *Agent) PollTransmit() (Transmit, bool) { return a.packets.pop() }

func (a *Agent) emit(e Event) { a.events = append(a.events, e) }

func (a *Agent) debug(msg string, args ...any) {
	if a.log.Enabled(context.Background(), slog.LevelDebug) {
		a.log.Debug(msg, args...)
	}
}
