//go:build linux && cgo

package accel

/*
#include <features.h>
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

// trim gives free pages of all of malloc's arenas back: XLA allocates in several threads, and glibc keeps an arena for each.
func trim() { C.trim() }
