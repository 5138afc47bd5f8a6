#include "textflag.h"

// EIGHT adds the products of eight numbers of two rows of a with those of four rows of b to Y0 to Y7. A step of a panel has 4 rows of
// 64 bytes.
#define EIGHT(at) \
	VMOVUPS     (at)(SI), Y8      \
	VMOVUPS     (at+64)(SI), Y9   \
	VMOVUPS     (at)(DI), Y10     \
	VMOVUPS     (at+64)(DI), Y11  \
	VFMADD231PS Y10, Y8, Y0       \
	VFMADD231PS Y10, Y9, Y4       \
	VMOVUPS     (at+128)(DI), Y12 \
	VFMADD231PS Y11, Y8, Y1       \
	VFMADD231PS Y11, Y9, Y5       \
	VMOVUPS     (at+192)(DI), Y13 \
	VFMADD231PS Y12, Y8, Y2       \
	VFMADD231PS Y12, Y9, Y6       \
	VFMADD231PS Y13, Y8, Y3       \
	VFMADD231PS Y13, Y9, Y7

// FOLD stores the sum of each of four registers.
#define FOLD(r0, r1, r2, r3, x0, at) \
	VHADDPS      r1, r0, r0   \
	VHADDPS      r3, r2, r2   \
	VHADDPS      r2, r0, r0   \
	VEXTRACTF128 $1, r0, X8   \
	VADDPS       X8, x0, x0   \
	VMOVUPS      x0, at(DX)

// func wideTile(a, b *float32, steps int, sums *[16]float32)
TEXT ·wideTile(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), AX
	MOVQ b+8(FP), BX
	MOVQ sums+24(FP), DX
	MOVQ $2, R8

two:
	MOVQ   AX, SI
	MOVQ   BX, DI
	MOVQ   steps+16(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7

step:
	EIGHT(0)
	EIGHT(32)
	ADDQ $256, SI
	ADDQ $256, DI
	DECQ CX
	JNZ  step
	FOLD(Y0, Y1, Y2, Y3, X0, 0)
	FOLD(Y4, Y5, Y6, Y7, X4, 16)
	ADDQ $32, DX
	ADDQ $128, AX
	DECQ R8
	JNZ  two
	VZEROUPPER
	RET
