#include "go_asm.h"
#include "textflag.h"

// LOOK decodes one coefficient: bits in AX, how many in BX, the index of the last in R11. Shifts count modulo 64, so that the entry is its
// own count.
#define LOOK \
	MOVQ    AX, DX                    \
	SHRQ    $(64-const_lookBits), DX  \
	MOVL    table_whole(R9)(DX*4), CX \
	MOVL    CX, DX                    \
	SHRL    $8, DX                    \
	MOVBLZX DX, DX                    \
	ADDQ    R11, DX                   \
	CMPQ    DX, $63                   \
	JAE     out                       \
	MOVQ    DX, R11                   \
	SHLXQ   CX, AX, AX                \
	SUBB    CX, BX                    \
	SARL    $16, CX                   \
	IMULL   (R10)(R11*4), CX          \
	MOVBLZX (R15)(R11*1), DX          \
	MOVL    CX, (R8)(DX*4)

// func wideRun(r *bits, block *[64]int32, t *table, quant *[64]int32, from uint) (entry uint32, k uint)
TEXT ·wideRun(SB), NOSPLIT, $0-56
	MOVQ r+0(FP), DI
	MOVQ block+8(FP), R8
	MOVQ t+16(FP), R9
	MOVQ quant+24(FP), R10
	MOVQ from+32(FP), R11
	LEAQ ·natural(SB), R15
	MOVQ bits_next(DI), AX
	MOVQ bits_ready(DI), BX
	MOVQ bits_at(DI), SI
	MOVQ bits_data(DI), R12
	MOVQ (bits_data+8)(DI), R13
	SUBQ $8, R13

fill:
	CMPQ   SI, R13
	JGT    filled // zeros
	MOVQ   (R12)(SI*1), DX
	BSWAPQ DX
	SHRXQ  BX, DX, DX
	ORQ    DX, AX

filled:
	MOVL $63, CX
	SUBQ BX, CX
	SARQ $3, CX
	ADDQ CX, SI
	ORQ  $56, BX
	LOOK
	LOOK
	LOOK
	LOOK
	LOOK
	JMP  fill

out:
	MOVQ AX, bits_next(DI)
	MOVQ BX, bits_ready(DI)
	MOVQ SI, bits_at(DI)
	MOVL CX, entry+40(FP)
	MOVQ R11, k+48(FP)
	RET

// func wideClear(block *[64]int32)
TEXT ·wideClear(SB), NOSPLIT, $0-8
	MOVQ    block+0(FP), DI
	VPXOR   Y0, Y0, Y0
	VMOVDQU Y0, (DI)
	VMOVDQU Y0, 32(DI)
	VMOVDQU Y0, 64(DI)
	VMOVDQU Y0, 96(DI)
	VMOVDQU Y0, 128(DI)
	VMOVDQU Y0, 160(DI)
	VMOVDQU Y0, 192(DI)
	VMOVDQU Y0, 224(DI)
	VZEROUPPER
	RET
