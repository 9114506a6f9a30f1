/* The room's words for damage and refusal are those of all who read what others wrote. */
#ifndef HS_ICEBERG_DAMAGE_H
#define HS_ICEBERG_DAMAGE_H

#include "base/damage.h"

#endif
