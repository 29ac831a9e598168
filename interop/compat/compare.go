package compat

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A status says how a name fares when a program moves.
type status int

const (
	same status = iota
	differs
	missing
	added
)

// A finding is one exported name, or a type that is missing or added with all
// that belongs to it.
type finding struct {
	room   string // "webrtc", "ice", …
	name   string
	status status
	theirs string
	ours   string
}

// qualified is the name with its package, but for the root's.
func (f finding) qualified() string {
	if f.room == "webrtc" {
		return f.name
	}
	return f.room + "." + f.name
}

// counterparts are the packages of pion's and those that take their place.
var counterparts = append([]counterpart{
	{"webrtc", "github.com/pion/webrtc/v4", "github.com/parleyrtc/webrtc"},
	{"rtcerr", "github.com/pion/webrtc/v4/pkg/rtcerr", "github.com/parleyrtc/webrtc/pkg/rtcerr"},
	{"ice", "github.com/pion/ice/v4", "github.com/parleyrtc/webrtc/ice"},
	{"datachannel", "github.com/pion/datachannel", "github.com/parleyrtc/webrtc/datachannel"},
}, mediaPackages()...)

type counterpart struct{ room, theirs, ours string }

// mediaPackages are those for media files.
func mediaPackages() (out []counterpart) {
	for _, name := range []string{
		"", "/h264reader", "/h264writer", "/h265reader", "/h265writer", "/ivfreader", "/ivfwriter",
		"/oggreader", "/oggwriter", "/rtpdump", "/samplebuilder",
	} {
		out = append(out, counterpart{"media" + name, "github.com/pion/webrtc/v4/pkg/media" + name, "github.com/parleyrtc/webrtc/pkg/media" + name})
	}
	return out
}

// compareAll compares all counterparts.
func compareAll() ([]finding, error) {
	var paths []string
	for _, c := range counterparts {
		paths = append(paths, c.theirs, c.ours)
	}
	packages, err := load(paths...)
	if err != nil {
		return nil, err
	}
	var all []finding
	for _, c := range counterparts {
		theirs, ours := surfaceOf(packages[c.theirs]), surfaceOf(packages[c.ours])
		if c.room == "ice" || c.room == "datachannel" {
			// Of these, programs use what goes with the root package.
			keep(theirs, companions[c.room])
			keep(ours, slices.Collect(maps.Keys(theirs)))
		}
		all = append(all, compare(c.room, theirs, ours)...)
	}
	return all, nil
}

// keep drops from a surface what is neither listed nor belongs to a type listed.
func keep(s surface, names []string) {
	maps.DeleteFunc(s, func(name, _ string) bool {
		typ, _, _ := strings.Cut(name, ".")
		return !slices.Contains(names, name) && !slices.Contains(names, typ)
	})
}

// compare lists the differences of two surfaces, sorted by name. What belongs
// to a type that one side lacks is not listed by itself.
func compare(room string, theirs, ours surface) []finding {
	names := slices.Sorted(maps.Keys(theirs))
	for name := range ours {
		if _, ok := theirs[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []finding
	for _, name := range names {
		t, inTheirs := theirs[name]
		o, inOurs := ours[name]
		f := finding{room: room, name: name, theirs: t, ours: o}
		typ, _, member := strings.Cut(name, ".")
		_, typeInTheirs := theirs[typ]
		_, typeInOurs := ours[typ]
		switch {
		case inTheirs && inOurs && interchangeable(t, o):
			f.status = same
		case inTheirs && inOurs:
			f.status = differs
		case inTheirs && (!member || typeInOurs):
			f.status = missing
		case inOurs && (!member || typeInTheirs):
			f.status = added
		default:
			continue
		}
		out = append(out, f)
	}
	return out
}

// interchangeable tells whether a program for one compiles with the other. A
// method that a value has, too, where theirs needs a pointer, takes nothing
// away.
func interchangeable(theirs, ours string) bool {
	if theirs == ours {
		return true
	}
	value, pointer := "func () ", "func (*) "
	return strings.HasPrefix(theirs, pointer) && strings.HasPrefix(ours, value) &&
		theirs[len(pointer):] == ours[len(value):]
}

func (f finding) String() string {
	switch f.status {
	case differs:
		return fmt.Sprintf("%s differs: pion has %s, here it is %s", f.qualified(), f.theirs, f.ours)
	case missing:
		return fmt.Sprintf("%s is missing: %s", f.qualified(), f.theirs)
	case added:
		return fmt.Sprintf("%s is added: %s", f.qualified(), f.ours)
	default:
		return f.qualified() + " is the same"
	}
}
