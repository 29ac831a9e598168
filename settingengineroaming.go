package webrtc

import (
	"fmt"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// SetContinualGathering says whether connections follow the host from network to
// network, which is the default: when an interface comes up or gets an address, candidates
// for it are gathered and checked, also after the gathering state has become complete;
// when an address goes, its candidates go with it; and a relay that its server has
// forgotten is allocated anew. Media and data go on over the best pair without an ICE
// restart.
//
// With true, such candidates are announced through OnICECandidate, too, also after the
// nil candidate: the peer can then check them itself, which finds ways that our own
// checks do not. A program has to ask for it because many take nil for the end, and
// close what they send candidates through. Without it the peer learns the addresses from
// the checks that come from them. Negotiate announces them in any case.
//
// With false, candidates are gathered once for each generation: the program has to
// restart ICE when the network has changed.
//
// While nothing changes it costs nothing: the kernel tells of changes on Linux, one
// goroutine of the process looks every few seconds elsewhere. With SetNetwork it needs
// an ice.NetworkWatcher.
func (e *SettingEngine) SetContinualGathering(continual bool) {
	e.gatherOnce, e.announceLate = !continual, continual
}

// NominationValueGenerator returns the value of the next nomination. It is called on
// the connection's own goroutine and must neither block nor call the connection.
type NominationValueGenerator func() uint32

// renominationSettings are what the options of SetICERenomination set.
type renominationSettings struct {
	enabled   bool
	value     NominationValueGenerator
	interval  time.Duration
	attribute uint16
	err       error
}

// A RenominationOption changes how SetICERenomination has pairs nominated.
type RenominationOption func(*renominationSettings)

// WithRenominationGenerator has nominations carry the values of generator in place of
// 1, 2, 3 and so on. Values above 2²⁴−1, and those that are not above the one before,
// are replaced by the next number.
func WithRenominationGenerator(generator NominationValueGenerator) RenominationOption {
	return func(s *renominationSettings) { s.value = generator }
}

// WithRenominationInterval has the controlling side check pairs again, that often,
// that would be better than the one in use and have failed. Without it they are
// checked again when something changes. An interval of zero or less is a
// *rtcerr.TypeError of SetICERenomination.
func WithRenominationInterval(interval time.Duration) RenominationOption {
	return func(s *renominationSettings) {
		if s.interval = interval; interval <= 0 && s.err == nil {
			s.err = fmt.Errorf("renomination interval %v, want a positive one", interval)
		}
	}
}

// WithRenominationNominationAttribute sets the type of the STUN attribute that values
// are sent and looked for in, for peers that have another one than
// ice.DefaultNominationAttribute. A type below 0x8000, which peers that do not know it
// would have to refuse (RFC 8489 §14), is a *rtcerr.TypeError of SetICERenomination.
func WithRenominationNominationAttribute(attrType uint16) RenominationOption {
	return func(s *renominationSettings) {
		if s.attribute = attrType; attrType < 0x8000 && s.err == nil {
			s.err = fmt.Errorf("nomination attribute %#04x, want one from 0x8000 on", attrType)
		}
	}
}

// SetICERenomination has the controlling side send values with its nominations
// (draft-thatcher-ice-renomination) to every peer, also to those whose descriptions do
// not have the ICE option renomination, as pion's have not, and descriptions announce the
// option. Without it they do not: Chromium, told of it, does not always nominate a pair
// after an ICE restart. Peers that have the option get values and others do not; in either
// case a better pair that turns up later is nominated, and a peer's values are followed.
//
// It replaces the options of an earlier call. After an error the settings are as they
// were.
func (e *SettingEngine) SetICERenomination(options ...RenominationOption) error {
	s := renominationSettings{enabled: true}
	for _, o := range options {
		if o != nil {
			o(&s)
		}
	}
	if s.err != nil {
		return &rtcerr.TypeError{Err: s.err}
	}
	e.renomination = s
	return nil
}
